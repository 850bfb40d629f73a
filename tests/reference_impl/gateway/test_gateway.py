import asyncio

import pytest
from aiohttp import web

from reference_impl.chassis.clients import ServiceClient
from reference_impl.chassis.middleware import problem
from reference_impl.chassis.requests import JSON_BYTES_MAX
from reference_impl.chassis.sessions import MemorySessions
from reference_impl.chassis.settings import Settings
from reference_impl.gateway.app import create_app
from reference_impl.gateway.routes import PUBLIC_ROUTES

SERVICES = ("user", "follow", "post", "timeline", "media")
IMAGE = "/media/" + "0a" * 32 + ".png"
OF_USER_7 = [
    ("POST", "/user/7/post"),
    ("POST", "/user/7/follow"),
    ("POST", "/user/7/unfollow"),
    ("GET", "/user/7/newsfeed"),
]
OPEN = [("POST", "/register"), ("POST", "/login"), ("GET", IMAGE)]


NAME = web.AppKey("name", str)


async def tell(request):
    """Answer every path with what was asked, and with more headers than may leave."""
    if request.query.get("fail") == "hard":
        return web.Response(status=500, text="Traceback: secrets")
    if request.query.get("fail") == "soft":
        return problem(404, "no such target", request.path)
    told = {
        "service": request.app[NAME],
        "asked": f"{request.method} {request.path_qs}",
        "headers": {name.lower(): value for name, value in request.headers.items()},
        "body": (await request.read()).decode(),
    }
    headers = {
        "Server-Timing": f"{request.app[NAME]};dur=1.000;cpu=0.500;n=1",
        "Link": '<next>; rel="next"',
        "ETag": '"7"',
        "Set-Cookie": "a=b",
        "X-Internal": "1",
    }
    return web.json_response(told, status=201, headers=headers)


@pytest.fixture
async def services(aiohttp_server):
    clients = {}
    for name in SERVICES:
        app = web.Application()
        app[NAME] = name
        app.router.add_route("*", "/{path:.*}", tell)
        url = str((await aiohttp_server(app)).make_url(""))
        clients[name] = await ServiceClient([url], name=name).__aenter__()
    yield clients
    for client in clients.values():
        await client.__aexit__(None, None, None)


@pytest.fixture
def sessions():
    return MemorySessions()


@pytest.fixture
async def gateway(aiohttp_client, services, sessions):
    return await aiohttp_client(create_app(Settings(server_timing=True), sessions, services))


@pytest.fixture
async def token(sessions):
    return {"Authorization": f"Bearer {await sessions.begin(7)}"}


@pytest.mark.parametrize(
    ("method", "path", "service"),
    [
        ("POST", "/register", "user"),
        ("POST", "/login", "user"),
        ("POST", "/user/7/post", "post"),
        ("POST", "/user/7/follow", "follow"),
        ("POST", "/user/7/unfollow", "follow"),
        ("GET", "/user/7/newsfeed?limit=5&cursor=a.b-c", "timeline"),
        ("GET", IMAGE, "media"),
    ],
)
async def test_each_public_route_is_answered_by_its_service(gateway, token, method, path, service):
    answer = await gateway.request(method, path, headers=token)
    told = await answer.json()
    assert (answer.status, told["service"], told["asked"]) == (201, service, f"{method} {path}")


def test_the_public_routes_are_these_and_no_others():
    assert len(PUBLIC_ROUTES) == len(OPEN) + len(OF_USER_7)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/internal/users/7",
        "/internal/objects",
        "/internal/posts?ids=1",
        "/media/../internal/users/7",
        "/media/%2e%2e%2finternal",
        "/media/x.png",
        f"{IMAGE}x",
        "/user/7",
        "/user/7/internal",
        "/user/7/newsfeed/more",
    ],
)
@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
async def test_nothing_else_can_be_reached(gateway, token, method, path):
    answer = await gateway.request(method, path, headers=token)
    assert answer.status in (404, 405)
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize(("method", "path"), OF_USER_7)
@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer " + "x" * 43,
        "Bearer " + "x" * 8000,
        "Bearer a b",
        "Bearer \u00e9" + "x" * 42,
        "Basic dXNlcjpwYXNz",
    ],
    ids=str,
)
async def test_without_a_known_token_nobody_passes(gateway, method, path, authorization):
    headers = {} if authorization is None else {"Authorization": authorization[:8100]}
    answer = await gateway.request(method, path, headers=headers)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(("method", "path"), OF_USER_7)
@pytest.mark.parametrize("other", ["8", "07", "+7", "7.0", "\u0667", "7%20", "7" * 20])
async def test_a_user_may_not_act_as_another(gateway, token, method, path, other):
    answer = await gateway.request(method, path.replace("7", other, 1), headers=token)
    assert answer.status == 403


@pytest.mark.parametrize(("method", "path"), OPEN)
async def test_no_token_is_needed_to_get_one_nor_for_images(gateway, method, path):
    assert (await gateway.request(method, path)).status == 201


async def test_the_service_is_told_who_asks_and_nobody_can_tell_it_otherwise(gateway, token):
    lies = {"X-User-Id": "8", "X-Deadline": "9999999999", "X-Forwarded-For": "::1", "Cookie": "a"}
    answer = await gateway.get("/user/7/newsfeed", headers={**token, **lies})
    headers = (await answer.json())["headers"]
    assert headers["x-user-id"] == "7"
    assert float(headers["x-deadline"]) < 9_999_999_999
    assert headers["x-request-id"] == answer.headers["X-Request-Id"]
    assert not headers.keys() & {"x-forwarded-for", "cookie", "authorization"}


async def test_where_nobody_is_signed_in_no_user_is_named(gateway):
    answer = await gateway.post("/login", headers={"X-User-Id": "8"}, json={})
    assert "x-user-id" not in (await answer.json())["headers"]


async def test_bodies_go_inward_with_their_type(gateway, token):
    answer = await gateway.post("/user/7/follow", headers=token, json={"target_id": "8"})
    told = await answer.json()
    assert told["body"] == '{"target_id": "8"}'
    assert told["headers"]["content-type"] == "application/json"


async def test_only_headers_meant_for_the_public_leave(gateway, token):
    answer = await gateway.get("/user/7/newsfeed", headers=token)
    assert answer.headers["Link"] == '<next>; rel="next"'
    assert answer.headers["ETag"] == '"7"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert not answer.headers.keys() & {"Set-Cookie", "X-Internal", "Server"}


async def test_a_body_that_is_too_large_is_refused_here(gateway, token):
    for extra, status in ((0, 201), (1, 413)):
        answer = await gateway.post(
            "/user/7/follow", headers=token, data=b"x" * (JSON_BYTES_MAX + extra)
        )
        assert answer.status == status


async def test_a_refusal_of_the_service_is_the_answer(gateway, token):
    answer = await gateway.get("/user/7/newsfeed?fail=soft", headers=token)
    assert (answer.status, answer.content_type) == (404, "application/problem+json")
    assert (await answer.json())["detail"] == "no such target"


async def test_a_service_that_crashed_is_a_bad_gateway_that_tells_nothing(gateway, token):
    answer = await gateway.get("/user/7/newsfeed?fail=hard", headers=token)
    assert (answer.status, answer.content_type) == (502, "application/problem+json")
    assert "secrets" not in await answer.text()


async def test_a_service_that_is_down_is_unavailable(
    aiohttp_client, services, sessions, token, tmp_path
):
    async with ServiceClient([f"unix:{tmp_path}/nobody"], name="timeline") as down:
        app = create_app(Settings(), sessions, {**services, "timeline": down})
        gateway = await aiohttp_client(app)
        assert (await gateway.get("/user/7/newsfeed", headers=token)).status == 503
        assert (await gateway.post("/user/7/follow", headers=token)).status == 201


async def test_server_timing_has_the_gateways_entry_and_those_from_inside(gateway, token):
    answer = await gateway.get("/user/7/newsfeed", headers=token)
    entries = answer.headers["Server-Timing"].split(", ")
    assert entries[0] == "timeline;dur=1.000;cpu=0.500;n=1"
    assert entries[-1].startswith("gateway;dur=")


async def test_requests_at_once_keep_their_users_apart(gateway, sessions):
    async def ask(user_id):
        headers = {"Authorization": f"Bearer {await sessions.begin(user_id)}"}
        answer = await gateway.get(f"/user/{user_id}/newsfeed", headers=headers)
        return (await answer.json())["headers"]["x-user-id"]

    users = range(1, 21)
    assert await asyncio.gather(*map(ask, users)) == [str(user_id) for user_id in users]


async def test_the_gateway_is_ready_when_sessions_can_be_read(gateway):
    assert (await gateway.get("/readyz")).status == 200
