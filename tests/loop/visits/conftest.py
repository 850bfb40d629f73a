"""Every service in one process, on real stores: what a request visits is seen, and modelled.

What processes remember for a while is stale whenever it is asked for, so that nothing depends on
when a request comes.  No worker runs: what goes on after an answer is done by the tests.
"""

import asyncio
import itertools
import time
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from loadtest.server_timing import stages_of
from model.answers.accounting import demand_of
from model.rules.ids import IdMinter
from model.rules.policy import FRESH_S
from model.rules.sharding import even_table
from model.world.counts import CountTable
from model.world.design import journeys_of
from model.world.journeys import Call, sequence
from model.world.laws import QuantileTable
from model.world.reach import reach_of
from model.world.scenario_files import load_scenario
from model.world.step_trees import rewritten
from model.world.wiring import Wiring
from reference_impl.cdn import app as cdn
from reference_impl.chassis.databases import ShardedDatabase
from reference_impl.chassis.events import Event
from reference_impl.chassis.keyvalue import ShardedValkey, valkey
from reference_impl.chassis.policies import publish
from reference_impl.chassis.stages import Account, accounting
from reference_impl.cluster import lifecycle
from reference_impl.follow import app as follow
from reference_impl.gateway import app as gateway
from reference_impl.media import app as media
from reference_impl.post import app as post
from reference_impl.search import app as search
from reference_impl.search.entries import news_of
from reference_impl.search.handlers import GENERATIONS
from reference_impl.seeding.people import sample_images
from reference_impl.timeline import app as timeline
from reference_impl.timeline.store import STATION, valkey_timelines
from reference_impl.user import app as user

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
POLICY = ["influencer_followers_min=2", "rate_limits=true", "timeline_cap=20"]
INNER = {"user": user, "follow": follow, "post": post, "media": media, "timeline": timeline}
SEARCH_SHARDS = (1, 2)
PASSWORD = "correct horse battery"
VIDEO = b"\0\0\0\x14ftypmp42\0\0\0\0isom" + bytes(100)
NO_WORK = QuantileTable(probabilities=(0.0, 1.0), values=(0.0, 0.0))


def fixed(count):
    return CountTable(counts=(count,), cumulated=(1.0,))


def otherwise(_, step):
    """Return what is read first, and what is done when that fails; what is known by then is."""
    if not isinstance(step, Call) or step.otherwise == ():
        return None
    _known, *instead = sequence(step.otherwise)
    return (sequence(step.steps)[0], *instead)


class Modelled:
    """What the journeys visit, on one of the ways that they can take."""

    def __init__(self, scenario):
        self.reach = replace(
            reach_of(scenario),
            merged_servers=fixed(0),
            page_servers=fixed(1),
            merge_share=0.0,
            cover_share=0.0,
            follow_share=0.0,
            stale_authors=1.0,
            image_miss_share=0.0,
        )

    def visits(self, journey, *, without=(), is_away=False, **changed):
        """Return the visits of each station; of widths, a number stands for its law.

        Where what is read first `is_away`, what is done otherwise.
        """
        widths = {
            name: fixed(its) if isinstance(getattr(self.reach, name), CountTable) else its
            for name, its in changed.items()
        }
        reach = replace(self.reach, **widths)
        journeys = journeys_of(reach, lambda *_: NO_WORK, lambda _: 0.0, Wiring(is_guarded=True))
        if is_away:
            journeys = tuple(
                replace(each, steps=rewritten(each.name, each.steps, otherwise))
                for each in journeys
            )
        demand = demand_of(journeys)
        return {
            station: n
            for (name, station), n in demand.items()
            if name == journey and n and station not in without
        }


class Person:
    """Somebody who has registered, at an address of their own."""

    numbers = itertools.count(2)

    def __init__(self, base):
        number = next(self.numbers)
        self.username = f"visitor.{number}"
        self._base = base
        self._address = f"127.1.{number // 250}.{1 + number % 250}"
        self._token = ""
        self.user_id = 0

    async def register(self):
        fields = {"first_name": "Ada", "last_name": "L", "email": f"{self.username}@example.org"}
        form = {**fields, "username": self.username, "password": PASSWORD}
        answer, visits = await self.ask("POST", "/register", data=self._form(form, "profile_image"))
        self._token, self.user_id = answer["token"], int(answer["user_id"])
        return visits

    async def login(self):
        return await self._visits("POST", "/login", json=self._named())

    async def follow(self, other, *, verb="follow"):
        said = {"target_id": str(other.user_id)}
        return await self._visits("POST", self._my(verb), json=said)

    async def unfollow(self, other):
        return await self.follow(other, verb="unfollow")

    async def post(self, **headers):
        """Post an image; return its id, and the visits of that."""
        form = self._form({"caption": "hello"}, "image")
        answer, visits = await self.ask("POST", self._my("post"), data=form, headers=headers)
        return int(answer["post"]["post_id"]), visits

    async def say(self):
        form = aiohttp.FormData({"text": "hello"}, default_to_multipart=True)
        return await self._visits("POST", self._my("post"), data=form)

    async def film(self):
        form = aiohttp.FormData({"caption": "hello"})
        form.add_field("video", VIDEO, filename="x.mp4", content_type="video/mp4")
        return await self._visits("POST", self._my("post"), data=form)

    async def page(self):
        """Read the newsfeed; return the ids of its posts, and the visits of that."""
        answer, visits = await self.ask("GET", self._my("newsfeed"))
        return [int(post["post_id"]) for post in answer["posts"]], visits

    async def look_at(self, other):
        """Read another's posts; return their ids, and the visits of that."""
        answer, visits = await self.ask("GET", f"/user/{other.user_id}/posts")
        return [int(post["post_id"]) for post in answer["posts"]], visits

    async def search(self, query):
        """Search; return the ids of who is found, and the visits of that."""
        answer, visits = await self.ask("GET", "/search", params={"q": query})
        return [int(user["user_id"]) for user in answer["users"]], visits

    async def ask(self, method, path, *, headers=(), **options):
        headers = dict(headers) | (
            {"Authorization": f"Bearer {self._token}"} if self._token else {}
        )
        connector = aiohttp.TCPConnector(local_addr=(self._address, 0))
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.request(method, self._base + path, headers=headers, **options) as answer,
        ):
            said = await answer.json()
            assert answer.ok, said
            return said, visits_in(answer)

    async def _visits(self, method, path, **options):
        return (await self.ask(method, path, **options))[1]

    def _my(self, what):
        return f"/user/{self.user_id}/{what}"

    def _named(self):
        return {"username": self.username, "password": PASSWORD}

    def _form(self, texts, image):
        form = aiohttp.FormData(texts)
        content = sample_images(2_000)[0]
        form.add_field(image, content, filename="x.jpg", content_type="image/jpeg")
        return form


def visits_in(answer):
    stages = stages_of(answer.headers["Server-Timing"])
    return {stage.station: stage.visits for stage in stages}


class House:
    """The services on some stores; `gateway` is for requests, limited or not."""

    def __init__(self, settings, opened):
        self.settings = settings
        self._opened = opened
        self._gateways = {}
        self.indexes = []  # one for each shard of search
        self.edge = ""  # the socket of the CDN's

    async def gateway(self, *, rate_limits):
        if rate_limits not in self._gateways:
            settings = replace(self.settings, rate_limits=rate_limits)
            server = TestServer(await self.opened(gateway.assemble(settings)))
            await self.opened(server)
            self._gateways[rate_limits] = f"http://127.0.0.1:{server.port}"
        return self._gateways[rate_limits]

    async def person(self, *, rate_limits=True):
        person = Person(await self.gateway(rate_limits=rate_limits))
        await person.register()
        return person

    async def newcomer(self, *, rate_limits=True):
        return Person(await self.gateway(rate_limits=rate_limits))

    def tell_search_of(self, person):
        """Have every shard hear of somebody, as of an event that comes to it."""
        names = {"username": person.username, "first_name": "Ada", "last_name": "L"}
        body = {"user_id": str(person.user_id), **names, "version": 1}
        event = Event(event_id="1:1", kind="user.registered", at_s=time.time(), body=body)
        for index in self.indexes:
            index.take([news_of(event)])

    async def image(self, path):
        """Ask the edge for an image; return the visits of that."""
        connector = aiohttp.UnixConnector(self.edge)
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.get(f"http://edge{path}") as answer,
        ):
            assert answer.ok, await answer.text()
            return visits_in(answer)

    async def opened(self, context):
        """Enter a context until the house is closed."""
        return await self._opened.enter_async_context(context)

    async def follow_policy(self, policy):
        """Have every service follow this policy of feeds from now on."""
        async with valkey(self.settings.broker) as broker:
            await publish(broker, policy)
        if self._gateways:  # else they are yet to start, and to read it
            await asyncio.sleep(FRESH_S)

    async def timelines(self):
        servers = ShardedValkey(self.settings.timeline_stores, station=STATION)
        return valkey_timelines(await self.opened(servers), cap=20, by=self.settings.timelines_by)

    async def user_database(self):
        urls = self.settings.user_databases
        return await self.opened(ShardedDatabase(urls, connections=4, station="user_db"))

    def servers_of(self, ids):
        """Return on how many servers these users, or posts, lie."""
        return len(even_table(2).ids_by_server(ids))


@pytest.fixture(scope="session")
def scenario():
    return load_scenario(LAPTOP, [f"policy.{each}" for each in POLICY])


@pytest.fixture(scope="session")
def unlimited(scenario):
    policy = scenario.policy.model_copy(update={"rate_limits": False})
    return scenario.model_copy(update={"policy": policy})


@pytest.fixture(scope="session")
def stores(scenario, tmp_path_factory):
    """Real stores and no services: the settings that say where they are."""
    home = tmp_path_factory.mktemp("visits")
    try:
        up = lifecycle.up(
            scenario,
            home,
            server_timing=True,
            cpus=None,
            report=lambda _: None,
            environ={},
            services=False,
        )
        yield up.settings
    finally:
        lifecycle.down(home)


@pytest.fixture
def changed():
    """Fields of the policy in which services and model differ from the scenario, if a test does."""
    return {}


@pytest.fixture
def policy(scenario, changed):
    return scenario.policy.model_copy(update=changed)


@pytest.fixture
async def house(stores, policy, monkeypatch, serving_on, sockets, tmp_path):
    async def idle(*_):
        pass

    monkeypatch.setattr("reference_impl.chassis.consumers.Consumer.run", idle)
    monkeypatch.setattr("reference_impl.search.feeding.Feed.run", idle)
    urls: dict[str, tuple[str, ...]] = {
        f"{name}_urls": (f"unix:{sockets}/{name}",) for name in (*INNER, "web")
    }
    urls["search_urls"] = tuple(f"unix:{sockets}/search-{shard}" for shard in SEARCH_SHARDS)
    settings = replace(stores, **urls, addresses="", merge_authors_fresh_s=0.0)
    settings = replace(settings, timelines_by=policy.timelines_by, follows_kept=policy.follows_kept)
    async with AsyncExitStack() as opened:
        house = House(settings, opened)
        await house.follow_policy(policy.of_feeds)
        for name, module in INNER.items():
            app = await house.opened(module.assemble(settings))
            await house.opened(serving_on(sockets / name, app))
        for shard in SEARCH_SHARDS:
            folder = str(tmp_path / f"index-{shard}")
            its = replace(settings, search_shard=shard, search_index=folder)
            app = await house.opened(search.assemble(its))
            house.indexes.append(app[GENERATIONS])
            await house.opened(serving_on(sockets / f"search-{shard}", app))
        app = await house.opened(cdn.assemble(replace(settings, cache_folder=str(tmp_path))))
        house.edge = str(sockets / "cdn")
        await house.opened(serving_on(sockets / "cdn", app))
        await (await house.timelines()).load_functions()  # as workers do when they start
        yield house


@pytest.fixture
def modelled(scenario, policy):
    return Modelled(scenario.model_copy(update={"policy": policy}))


@pytest.fixture
def modelled_without_limits(unlimited):
    return Modelled(unlimited)


@pytest.fixture
def seen():
    """A context manager: what is visited inside, by station, once it has ended."""

    @contextmanager
    def seeing():
        account, visits = Account(), dict[str, int]()
        with accounting(account):
            yield visits
        visits |= {name: stage.visits for name, stage in account.stages.items()}

    return seeing


@pytest.fixture(scope="session")
def new_id():
    return IdMinter(lambda: time.time_ns() // 1_000_000, 7).mint
