"""What goes in, what comes out, and what does neither."""

import asyncio

import pytest
from yarl import URL

from reference_impl.chassis.clients import ServiceClient
from reference_impl.chassis.forms import FORM_BYTES_MAX
from reference_impl.chassis.requests import JSON_BYTES_MAX
from reference_impl.gateway.routes import PUBLIC_ROUTES, Who

VIDEO = "/media/" + "0a" * 32 + "-" + "0b" * 8 + ".mp4"
SERVICE_OF = {
    "POST /register": "user",
    "POST /login": "user",
    "POST /logout": "user",
    "GET /user/8/profile": "user",
    "GET /user/7/account": "user",
    "PATCH /user/7/account": "user",
    "POST /user/7/password": "user",
    "POST /user/7/delete": "user",
    "POST /user/7/post": "post",
    "GET /post/9": "post",
    "DELETE /user/7/post/9": "post",
    "GET /user/8/posts?limit=5": "post",
    "POST /user/7/follow": "follow",
    "POST /user/7/unfollow": "follow",
    "POST /user/7/block": "follow",
    "POST /user/7/unblock": "follow",
    "GET /user/8/followers?limit=5&cursor=a.b-c": "follow",
    "GET /user/8/followees": "follow",
    "GET /user/7/blocked": "follow",
    "GET /search?q=ada%20l&limit=5": "search",
    "GET /users?ids=7,8": "user",
    "GET /user/7/newsfeed?limit=5&cursor=a.b-c": "timeline",
    f"GET {VIDEO}": "media",
}


@pytest.mark.parametrize("asked", SERVICE_OF)
async def test_each_public_route_is_answered_by_its_service(gateway, token, asked):
    method, path = asked.split()
    answer = await gateway.request(method, path, headers=token)
    told = await answer.json()
    assert (answer.status, told["service"], told["asked"]) == (201, SERVICE_OF[asked], asked)


def test_the_public_routes_are_these_and_no_others():
    assert len(PUBLIC_ROUTES) == len(SERVICE_OF) + 1, "and HEAD of media"


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
        f"{VIDEO}x",
        "/user/7",
        "/user/7/internal",
        "/user/7/newsfeed/more",
        "/user/7/own",
        "/metrics",
    ],
)
async def test_nothing_else_can_be_reached(gateway, token, service_of, path):
    for method in ("GET", "PUT", "POST"):
        answer = await gateway.request(method, path, headers=token)
        assert answer.status == 404
        assert answer.content_type == "application/problem+json"
    assert not any(service.asked for service in service_of.values())


NO_IDS = [
    "0",
    "07",
    "+7",
    "-7",
    "7.0",
    "7e0",
    "0x7",
    "%D9%A7",  # a seven too, in Arabic
    "%37",  # a seven, escaped
    "7%20",
    "7%00",
    "7%2f",
    "..%2f7",
    "7;a=b",
    "7" * 20,
    str(2**63),
]


@pytest.mark.parametrize(
    "path", ["/user/{}/newsfeed", "/user/{}/profile", "/post/{}", "/user/7/post/{}"]
)
async def test_an_id_is_written_in_one_way_only(gateway, token, service_of, path):
    method = "DELETE" if path.startswith("/user/7") else "GET"
    statuses = {}
    for no_id in NO_IDS:
        origin = gateway.make_url("/").origin()
        url = URL(f"{origin}{path.format(no_id)}", encoded=True)  # as it is written
        statuses[no_id] = (await gateway.session.request(method, url, headers=token)).status
    assert statuses == dict.fromkeys(NO_IDS, 404)
    assert not any(service.asked for service in service_of.values())


async def test_the_largest_id_is_one(gateway, token):
    answer = await gateway.get(f"/post/{2**63 - 1}", headers=token)
    assert answer.status == 201


async def test_the_service_is_told_who_asks_and_nobody_can_tell_it_otherwise(gateway, token):
    lies = {
        "X-User-Id": "8",
        "X-Deadline": "9999999999",
        "X-Zone": "z",
        "X-Forwarded-For": "::1",
        "Forwarded": "for=1",
        "X-HTTP-Method-Override": "DELETE",
        "Cookie": "a",
    }
    answer = await gateway.get("/user/7/newsfeed", headers={**token, **lies})
    headers = (await answer.json())["headers"]
    assert headers["x-user-id"] == "7"
    assert float(headers["x-deadline"]) < 9_999_999_999
    assert headers["x-request-id"] == answer.headers["X-Request-Id"]
    assert not headers.keys() & ({name.lower() for name in lies} - {"x-user-id", "x-deadline"})


@pytest.mark.parametrize("path", ["/login", "/register"])
async def test_where_nobody_is_signed_in_no_user_is_named(gateway, token, path):
    answer = await gateway.post(path, headers={"X-User-Id": "8", **token}, json={})
    assert "x-user-id" not in (await answer.json())["headers"]


@pytest.mark.parametrize("asked", SERVICE_OF)
async def test_the_token_itself_goes_in_only_to_end_its_session(gateway, token, asked):
    method, path = asked.split()
    told = await (await gateway.request(method, path, headers=token)).json()
    is_told = "authorization" in told["headers"]
    assert is_told == (asked == "POST /logout")


@pytest.mark.parametrize("name", ["Range", "If-Range", "If-None-Match"])
async def test_what_media_are_asked_for_in_headers_goes_in(gateway, token, name):
    for path, is_told in ((VIDEO, True), ("/user/7/newsfeed", False)):
        answer = await gateway.get(path, headers={**token, name: '"7"'})
        assert (name.lower() in (await answer.json())["headers"]) is is_told


async def test_a_list_in_several_lines_goes_in_as_one(gateway):
    lines = [("If-None-Match", '"1"'), ("If-None-Match", '"2"')]
    told = await (await gateway.get(VIDEO, headers=lines)).json()
    assert told["headers"]["if-none-match"] == '"1", "2"'


async def test_bodies_go_inward_with_their_type(gateway, token):
    answer = await gateway.post("/user/7/follow", headers=token, json={"target_id": "8"})
    told = await answer.json()
    assert told["body"] == '{"target_id": "8"}'
    assert told["headers"]["content-type"] == "application/json"


async def test_only_headers_meant_for_the_public_leave(gateway, token):
    answer = await gateway.get("/user/7/newsfeed", headers=token)
    for name in ("Link", "Location", "ETag", "Accept-Ranges", "Content-Range", "Retry-After"):
        assert name in answer.headers
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.headers["Feed-Source"] == "built"
    assert not answer.headers.keys() & {"Set-Cookie", "X-Internal", "Server", "X-User-Id"}


@pytest.mark.parametrize("path", ["/user/7/newsfeed", "/nowhere", "/livez", VIDEO, "/login"])
async def test_every_answer_is_safe_for_browsers(gateway, path):
    answer = await gateway.get(path)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "Server" not in answer.headers


async def test_how_long_something_is_can_be_asked(gateway):
    whole = await gateway.get(VIDEO)
    head = await gateway.head(VIDEO)
    assert int(head.headers["Content-Length"]) > 100
    assert abs(head.content_length - whole.content_length) < 50, "the twin tells what was asked"
    assert await head.read() == b""


@pytest.mark.parametrize("status", [204, 206, 304, 416])
async def test_other_statuses_come_out_as_they_are(gateway, service_of, status):
    service_of["media"].status = status
    answer = await gateway.get(VIDEO)
    assert answer.status == status
    has_body = status in (206, 416)
    assert bool(await answer.read()) is has_body


@pytest.mark.parametrize("route", PUBLIC_ROUTES, ids=lambda route: f"{route.method} {route.path}")
async def test_a_body_longer_than_its_route_takes_is_refused_here(
    gateway, token, route, service_of
):
    path = route.path.replace("{user_id}", "7").replace("{name}", VIDEO.removeprefix("/media/"))
    path = path.replace("{subject_id}", "8").replace("{post_id}", "9")
    body = b"x" * (route.body_bytes_max + 1)
    answer = await gateway.request(route.method, path, headers=token, data=body)
    assert answer.status == 413
    assert not service_of[route.service].asked


@pytest.mark.parametrize(
    ("path", "limit"), [("/user/7/follow", JSON_BYTES_MAX), ("/user/7/post", FORM_BYTES_MAX)]
)
async def test_a_body_as_long_as_its_route_takes_goes_in(gateway, token, path, limit):
    answer = await gateway.post(path, headers=token, data=b"x" * limit)
    assert answer.status == 201


async def test_the_time_that_an_upload_takes_is_not_taken_from_the_services(
    gateway, token, monkeypatch
):
    monkeypatch.setattr("reference_impl.chassis.callers.PATIENCE_S", 0.05)

    async def slow():
        yield b"x"
        await asyncio.sleep(0.1)
        yield b"y"

    answer = await gateway.post("/user/7/post", headers=token, data=slow())
    assert answer.status == 201


async def test_a_refusal_of_the_service_is_the_answer(gateway, token, service_of):
    service_of["timeline"].status = 404
    answer = await gateway.get("/user/7/newsfeed", headers=token)
    assert (answer.status, answer.content_type) == (404, "application/problem+json")
    assert (await answer.json())["detail"] == "refused by the service"


@pytest.mark.parametrize("status", [500, 501, 504])
async def test_a_service_that_crashed_is_a_bad_gateway_that_tells_nothing(
    gateway, token, service_of, status
):
    service_of["timeline"].status = status
    answer = await gateway.get("/user/7/newsfeed", headers=token)
    assert (answer.status, answer.content_type) == (502, "application/problem+json")
    assert "secrets" not in await answer.text()
    assert "refused by the service" not in await answer.text()


async def test_a_service_that_is_full_says_so_itself(gateway, token, service_of):
    service_of["timeline"].status = 503
    answer = await gateway.get("/user/7/newsfeed", headers=token)
    assert answer.status == 503
    assert (await answer.json())["detail"] == "refused by the service"


async def test_a_service_that_is_down_is_unavailable(serving, services, token, tmp_path):
    async with ServiceClient([f"unix:{tmp_path}/nobody"], name="timeline") as down:
        gateway = await serving(services={**services, "timeline": down})
        answer = await gateway.get("/user/7/newsfeed", headers=token)
        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
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


def test_every_route_with_an_own_id_is_the_owners_alone():
    for route in PUBLIC_ROUTES:
        assert (route.who is Who.OWNER) == ("{user_id}" in route.path)
