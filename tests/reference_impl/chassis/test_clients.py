import asyncio
import socket
import time

import pytest
from aiohttp import web
from yarl import URL

from reference_impl.chassis import errors, instances, stages
from reference_impl.chassis.callers import CALLER, Caller
from reference_impl.chassis.clients import ServiceClient
from reference_impl.chassis.middleware import problem

TOLD = ("X-User-Id", "X-Request-Id", "X-Deadline")


@pytest.fixture
async def peer(aiohttp_server):
    """A service that says what it was asked; `/refuse/{status}` answers with a problem."""

    async def tell(request):
        headers = {name: request.headers.get(name) for name in TOLD}
        body = (await request.read()).decode()
        answer = {"method": request.method, "query": dict(request.query), "body": body, **headers}
        return web.json_response(answer, headers={"Server-Timing": "media;dur=2.000;cpu=1.000;n=1"})

    async def refuse(request):
        return problem(int(request.match_info["status"]), "so it is", request.path)

    async def stall(_):
        await asyncio.sleep(5)

    async def hang_up(request):
        request.transport.close()
        return web.Response()

    async def flood(_):
        return web.Response(body=b"x" * 1000)

    async def text(_):
        return web.Response(status=404, text="no such thing")

    app = web.Application()
    app.add_routes(
        [
            web.route("*", "/tell", tell),
            web.get("/refuse/{status}", refuse),
            web.get("/stall", stall),
            web.post("/hang-up", hang_up),
            web.get("/flood", flood),
            web.get("/text", text),
        ]
    )
    return await aiohttp_server(app)


@pytest.fixture
async def client(peer):
    async with ServiceClient([str(peer.make_url(""))], name="media", timeout_s=1.0) as client:
        yield client


@pytest.fixture
def nobody():
    """An address where nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


async def test_json_goes_there_and_back(client):
    asked = await client.get_json("/tell", {"after": "5"})
    posted = await client.post_json("/tell", {"a": 1})
    put = await client.put_bytes("/tell", b"image", "image/png")
    assert (asked["method"], asked["query"]) == ("GET", {"after": "5"})
    assert (posted["method"], posted["body"]) == ("POST", '{"a": 1}')
    assert (put["method"], put["body"]) == ("PUT", "image")


async def test_a_call_says_for_whom_it_is(client):
    CALLER.set(Caller(request_id="request-1", user_id="7", deadline_s=time.time() + 5))
    answer = await client.get_json("/tell")
    assert (answer["X-User-Id"], answer["X-Request-Id"]) == ("7", "request-1")


async def test_a_call_says_how_long_it_is_waited_for_and_no_longer(client):
    """The client's own timeout is 1 s, which is less than the caller has left."""
    CALLER.set(Caller(request_id="request-1", deadline_s=time.time() + 5))
    before_s = time.time()
    answer = await client.get_json("/tell")
    assert before_s + 0.99 <= float(answer["X-Deadline"]) <= time.time() + 1.01


async def test_a_call_does_not_outlast_its_caller(client):
    deadline_s = time.time() + 0.5
    CALLER.set(Caller(request_id="request-1", deadline_s=deadline_s))
    answer = await client.get_json("/tell")
    assert float(answer["X-Deadline"]) == pytest.approx(deadline_s, abs=0.1)


async def test_what_a_worker_asks_for_itself_has_a_deadline_too(client):
    answer = await client.get_json("/tell")
    assert float(answer["X-Deadline"]) <= time.time() + 1.01


async def test_what_a_call_cost_there_enters_the_account_here(client):
    account = stages.Account()
    with stages.accounting(account):
        await client.get_json("/tell")
        await client.get_json("/tell")
    assert account.header() == "media;dur=4.000;cpu=2.000;n=2"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.BadRequest),
        (401, errors.Unauthenticated),
        (403, errors.Forbidden),
        (404, errors.NotFound),
        (409, errors.Conflict),
        (413, errors.TooLarge),
        (415, errors.UnsupportedMedia),
    ],
)
async def test_a_refusal_is_passed_on_as_it_is(client, status, kind):
    with pytest.raises(kind, match="so it is"):
        await client.get_json(f"/refuse/{status}")


@pytest.mark.parametrize("status", [502, 503, 504])
async def test_a_peer_that_cannot_answer_for_now_is_unavailable(client, status):
    with pytest.raises(errors.Unavailable, match=f"media answered {status}") as raised:
        await client.get_json(f"/refuse/{status}")
    assert raised.type is errors.Unavailable


@pytest.mark.parametrize("status", [405, 418, 500, 501])
async def test_a_peer_that_fails_at_what_it_was_asked_is_defective(client, status):
    with pytest.raises(errors.Defective, match=f"media answered {status}"):
        await client.get_json(f"/refuse/{status}")
    assert errors.status_of(errors.Defective("")) == 503


async def test_a_refusal_without_a_problem_keeps_its_kind(client):
    with pytest.raises(errors.NotFound, match="404"):
        await client.get_json("/text")


async def test_a_peer_that_stalls_is_unavailable_after_the_timeout(peer):
    async with ServiceClient([str(peer.make_url(""))], name="media", timeout_s=0.05) as client:
        with pytest.raises(errors.Unavailable, match="in time"):
            await client.get_json("/stall")


async def test_the_deadline_cuts_the_timeout_short(client):
    CALLER.set(Caller(request_id="request-1", deadline_s=time.time() + 0.05))
    begun_s = time.monotonic()
    with pytest.raises(errors.Unavailable, match="in time"):
        await client.get_json("/stall")
    assert time.monotonic() - begun_s < 0.8, "the client's own timeout is 1 s"


async def test_past_the_deadline_no_call_is_made(client):
    CALLER.set(Caller(request_id="request-1", deadline_s=time.time() - 0.001))
    with pytest.raises(errors.Unavailable, match="no time left to ask media"):
        await client.get_json("/tell")


async def test_a_peer_that_hangs_up_is_unavailable(client):
    with pytest.raises(errors.Unavailable, match="could not be asked"):
        await client.post_json("/hang-up", {})


async def test_an_answer_has_a_limit(client, monkeypatch):
    monkeypatch.setattr(instances, "ANSWER_BYTES_MAX", 999)
    with pytest.raises(errors.Unavailable, match="longer than 999 bytes"):
        await client.get_json("/flood")


async def test_an_instance_that_is_down_is_passed_over(peer, nobody):
    urls = [nobody, str(peer.make_url(""))]
    async with ServiceClient(urls, name="media") as client:
        for _ in range(4):  # whichever comes first
            assert (await client.post_json("/tell", {}))["method"] == "POST"


async def test_where_every_instance_is_down_the_service_is_unavailable(nobody):
    async with ServiceClient([nobody, nobody], name="media") as client:
        with pytest.raises(errors.Unavailable, match="media could not be asked"):
            await client.get_json("/tell")


async def test_instances_take_turns(aiohttp_server):
    asked = []
    urls = []
    for number in range(3):

        async def count(_, number=number):
            asked.append(number)
            return web.json_response(number)

        app = web.Application()
        app.router.add_get("/count", count)
        urls.append(str((await aiohttp_server(app)).make_url("")))
    async with ServiceClient(urls, name="timeline") as client:
        for _ in range(6):
            await client.get_json("/count")
    assert sorted(asked) == [0, 0, 1, 1, 2, 2]


async def test_a_service_may_listen_on_a_unix_socket(tmp_path):
    async def here(_):
        return web.json_response("yes")

    app = web.Application()
    app.router.add_get("/here", here)
    runner = web.AppRunner(app)
    await runner.setup()
    path = str(tmp_path / "media.sock")
    await web.UnixSite(runner, path).start()
    async with ServiceClient([f"unix:{path}"], name="media") as client:
        assert await client.get_json("/here") == "yes"
    await runner.cleanup()


async def test_a_path_goes_out_as_it_came(client):
    answer = await client.forward("GET", URL("/tell?a=%2e%2e%2f&b=1%202", encoded=True))
    assert b'{"a": "../", "b": "1 2"}' in answer.body


def test_a_service_without_instances_is_refused():
    with pytest.raises(ValueError, match="media: no instances"):
        ServiceClient([], name="media")
