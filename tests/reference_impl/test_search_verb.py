"""The verb that makes the search index anew, and what it says while it waits."""

import asyncio
import dataclasses
import json
import signal
import threading

import pytest
import typer
from aiohttp import web
from typer.testing import CliRunner

from model.answers.terminal import say
from reference_impl.chassis.settings import Settings
from reference_impl.cluster import lifecycle, reindexing
from reference_impl.cluster.clusters import Cluster
from reference_impl.cluster.errors import NotReady, Refused
from reference_impl.cluster.home import Home
from reference_impl.cluster.reindexing import begin_if_incomplete, reindex
from reference_impl.verbs import search

PATIENCE_S = 20.0
NEWER = "9" * 15


class Services:
    """A user service and two shards; each look at a shard plays the next of its `looks`.

    A look is what the shard answers, given the rebuild; the last is played again and again.
    """

    def __init__(self):
        self.begun = []
        self.refusal = None
        self.looks = [[done], [done]]
        self.looked = [0, 0]
        self.is_complete = [True, True]  # before anything begins

    async def begin(self, request):
        if self.refusal:
            return web.json_response({"detail": "a newer one"}, status=self.refusal)
        self.begun.append((await request.json())["rebuild"])
        return web.json_response({"sources": 2}, status=202)

    def index(self, shard):
        async def look(_):
            if not self.begun:
                return web.json_response(serving("an older one", complete=self.is_complete[shard]))
            looks = self.looks[shard]
            look = looks[min(self.looked[shard], len(looks) - 1)]
            self.looked[shard] += 1
            answer = look(self.begun[-1])
            return web.json_response(answer or {}, status=200 if answer else 503)

        return look

    async def serve(self, folder, stop, ready):
        runners = []
        for name, method, path, handler in (
            ("user", "POST", "/internal/announcements", self.begin),
            ("search-1", "GET", "/internal/index", self.index(0)),
            ("search-2", "GET", "/internal/index", self.index(1)),
        ):
            app = web.Application()
            app.router.add_route(method, path, handler)
            runner = web.AppRunner(app)
            await runner.setup()
            await web.UnixSite(runner, str(folder / name)).start()
            runners.append(runner)
        ready.set()
        await asyncio.get_running_loop().run_in_executor(None, stop.wait)
        for runner in runners:
            await runner.cleanup()


def serving(rebuild, users=7, *, complete=True, filling=None):
    return {"complete": complete, "rebuild": rebuild, "users": users, "filling": filling}


def done(rebuild):
    return serving(rebuild)


def away(_):
    return None


def filling(users):
    return lambda rebuild: serving(None, filling={"rebuild": rebuild, "users": users})


@pytest.fixture
def services(sockets):
    """Services in a thread of their own: the verb has its own event loop."""
    services, stop, ready = Services(), threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(services.serve(sockets, stop, ready)))
    thread.start()
    assert ready.wait(PATIENCE_S)
    yield services
    stop.set()
    thread.join(PATIENCE_S)


@pytest.fixture
def settings(sockets):
    return Settings(
        user_urls=(f"unix:{sockets}/user",),
        search_urls=tuple(f"unix:{sockets}/search-{number}" for number in (1, 2)),
    )


@pytest.fixture
def feedtwin(settings, tmp_path, monkeypatch):
    """The command, where a cluster of these services is said to run."""
    cluster = Cluster(
        home=Home(folder=tmp_path), sockets=tmp_path, settings=settings, members=(), made_from={}
    )
    monkeypatch.setattr(lifecycle, "running", lambda _: cluster)
    app = typer.Typer()
    app.callback()(lambda: None)  # without one, a single verb needs no name
    app.command()(search.reindex)
    return lambda *words: CliRunner().invoke(app, words)


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setattr(reindexing, "LOOK_S", 0.01)


def test_it_waits_until_every_shard_is_made_anew_and_says_how_far_each_is(
    services, settings, at_once
):
    services.looks = [[filling(0), filling(3), done], [filling(0), done]]
    said: list[str] = []
    shards = reindex(settings, said.append)
    [rebuild] = services.begun
    assert [(shard.number, shard.users, shard.rebuild) for shard in shards] == [
        (1, 7, rebuild),
        (2, 7, rebuild),
    ]
    assert said == [
        f"rebuild {rebuild} has begun",
        "shard 1 has 0 users so far, shard 2 has 0 users so far",
        "shard 1 has 3 users so far, shard 2 has all of its 7 users",
    ]


@pytest.mark.parametrize(
    "before",
    [
        lambda _: serving("0"),
        lambda rebuild: serving(rebuild, complete=False),
        lambda _: serving(None, complete=False),
        away,
    ],
    ids=["an older one", "not complete", "wiped", "away"],
)
def test_a_shard_is_not_done_before(services, settings, at_once, before):
    services.looks[1] = [before, before, done]
    reindex(settings, print)
    assert services.looked[1] == 3


def test_an_index_of_a_newer_rebuild_will_do(services, settings, at_once):
    services.looks[0] = [lambda _: serving(NEWER)]
    assert [shard.rebuild for shard in reindex(settings, print)] == [NEWER, services.begun[0]]


def test_every_rebuild_is_newer_than_the_one_before(services, settings, at_once):
    for _ in range(3):
        reindex(settings, print)
    assert services.begun == sorted(set(services.begun))


def test_a_shard_that_gets_no_further_is_complained_of(services, settings, at_once, monkeypatch):
    monkeypatch.setattr(reindexing, "STALLED_S", 0.05)
    services.looks[0] = [filling(5)]
    with pytest.raises(NotReady, match=r"no progress .* shard 1 has 5 users so far"):
        reindex(settings, print)


def test_where_there_is_no_search_service_nothing_is_begun(services, settings):
    with pytest.raises(Refused, match="no search service"):
        reindex(dataclasses.replace(settings, search_urls=()), print)
    assert services.begun == []


def test_while_a_shard_is_away_nothing_is_begun(services, settings):
    urls = (*settings.search_urls[:1], "unix:/nowhere/search-2")
    with pytest.raises(NotReady, match="search-2"):
        reindex(dataclasses.replace(settings, search_urls=urls), print)
    assert services.begun == []


def test_a_user_service_that_knows_a_newer_rebuild_refuses(services, settings):
    services.refusal = 409
    with pytest.raises(Refused, match="a newer one"):
        reindex(settings, print)


def test_the_verb_prints_a_table_and_nothing_else_on_stdout(services, feedtwin, at_once):
    result = feedtwin("reindex", "--format", "json")
    assert result.exit_code == 0, result.stderr
    [rebuild] = services.begun
    assert json.loads(result.stdout) == [
        {"shard": number, "users": 7, "complete": True, "rebuild": rebuild} for number in (1, 2)
    ]
    assert f"rebuild {rebuild} has begun" in result.stderr


@pytest.mark.parametrize(("refusal", "code"), [(503, 6), (409, 2)])
def test_a_user_service_that_does_not_begin_it_ends_with_a_code(services, feedtwin, refusal, code):
    services.refusal = refusal
    result = feedtwin("reindex")
    assert result.exit_code == code
    assert result.stdout == ""


def test_where_nothing_runs_it_ends_with_6(feedtwin, monkeypatch):
    monkeypatch.setattr(lifecycle, "running", lambda _: None)
    result = feedtwin("reindex")
    assert result.exit_code == 6
    assert "nothing runs in" in result.stderr


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_says_that_the_rebuild_goes_on(services, feedtwin, how, monkeypatch):
    def interrupting(text):
        say(text)
        if "so far" in text:
            signal.raise_signal(how)

    monkeypatch.setattr(search, "say", interrupting)
    services.looks[0] = [filling(1)]
    result = feedtwin("reindex")
    assert result.exit_code == 130
    assert f"rebuild {services.begun[0]} goes on without being watched" in result.stderr


def test_interrupted_in_the_middle_of_a_question_it_says_so_too(services, feedtwin):
    main = threading.get_ident()

    def interrupting(rebuild):
        signal.pthread_kill(main, signal.SIGINT)
        return filling(1)(rebuild)

    services.looks[0] = [interrupting, filling(1)]
    result = feedtwin("reindex")
    assert result.exit_code == 130
    assert "goes on without being watched" in result.stderr


def test_a_cluster_whose_index_knows_everybody_begins_no_rebuild(services, settings):
    assert not begin_if_incomplete(settings)
    assert services.begun == []


def test_one_of_which_a_part_does_not_begins_one_and_nobody_waits(services, settings):
    services.is_complete[1] = False
    assert begin_if_incomplete(settings)
    assert len(services.begun) == 1
    assert services.looked == [0, 0]
