"""What goes through the door, either way, and to whom."""

import gzip

import aiohttp
import pytest
from multidict import CIMultiDict

from reference_impl.chassis.callers import CALLER
from reference_impl.chassis.instances import ANSWER_BYTES_MAX

NEAREST = {
    "eu-west": "1",
    "eu-central": "1",
    "us-west": "2",
    "sa-east": "2",
    "ap-northeast": "3",
    "au-southeast": "3",
}


async def told(answer):
    return await answer.json()


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", "/media/0a.jpg", "cdn"),
        ("GET", "/static/style.css", "cdn"),
        ("GET", "/feed", "web"),
        ("GET", "/", "web"),
        ("POST", "/do/login", "web"),
        ("GET", "/user/7/newsfeed?limit=3&cursor=a%2Bb", "gateway"),
        ("POST", "/login", "gateway"),
        ("PATCH", "/user/7/account", "gateway"),
        ("DELETE", "/user/7/post/9", "gateway"),
        ("OPTIONS", "/feed", "gateway"),
    ],
)
async def test_each_request_reaches_its_box_as_it_was(door, method, path, kind):
    answer = await door.request(method, path)
    said = await told(answer)
    assert said["name"] == f"{kind}-1"
    assert said["asked"] == f"{method} {path}"
    assert answer.headers["Served-By"] == "zone-1"


@pytest.mark.parametrize("region", NEAREST)
@pytest.mark.parametrize("path", ["/search", "/feed", "/media/0a.jpg"])
async def test_a_client_is_served_by_the_nearest_zone(door, region, path):
    answer = await door.get(path, headers={"Client-Region": region})
    assert (await told(answer))["name"].endswith(NEAREST[region])
    assert answer.headers["Served-By"] == f"zone-{NEAREST[region]}"


async def test_a_region_that_nobody_knows_is_as_none(door):
    answer = await door.get("/search", headers={"Client-Region": "x" * 4_000})
    assert answer.headers["Served-By"] == "zone-1"


async def test_instances_of_one_zone_take_turns(town):
    await town.add("gateway-1", "gateway-1-b", "gateway-2")
    door = await town.open_door()
    names = [(await told(await door.get("/search")))["name"] for _ in range(6)]
    assert sorted(names) == ["gateway-1"] * 3 + ["gateway-1-b"] * 3


async def test_the_client_s_address_is_that_of_its_connection_whatever_it_says(door):
    spoofed = {
        "X-Client-Address": "192.0.2.1",
        "X-User-Id": "7",
        "X-Deadline": "9999999999",
        "X-Feedtwin-Anything": "1",
        "X-Forwarded-For": "192.0.2.1",
        "Forwarded": "for=192.0.2.1",
        "X-Real-IP": "192.0.2.1",
    }
    headers = (await told(await door.get("/search", headers=spoofed)))["headers"]
    assert headers["x-client-address"] == "127.0.0.1"
    left = {name.lower() for name in spoofed} & headers.keys()
    assert left == {"x-client-address"}


async def test_who_comes_over_a_unix_socket_says_whose_address_it_is(town, sockets):
    await town.add("gateway-1")
    door = await town.open_door(listen=f"unix:{sockets}/door")
    told_by_tls = {"X-Client-Address": "2001:db8::7"}
    headers = (await told(await door.get("/search", headers=told_by_tls)))["headers"]
    assert headers["x-client-address"] == "2001:db8::7"


async def test_what_is_about_one_connection_stays_on_it(door):
    sent = {
        "Connection": "keep-alive, X-Once",
        "Keep-Alive": "timeout=5",
        "X-Once": "1",
        "TE": "trailers",
        "Proxy-Authorization": "Basic x",
        "X-Kept": "1",
        "Authorization": "Bearer t",
        "Cookie": "session=a; b=c",
        "Accept-Encoding": "br",
    }
    headers = (await told(await door.get("/feed", headers=sent)))["headers"]
    assert headers.keys().isdisjoint({"keep-alive", "x-once", "te", "proxy-authorization"})
    assert (headers["x-kept"], headers["authorization"]) == ("1", "Bearer t")
    assert (headers["cookie"], headers["accept-encoding"]) == ("session=a; b=c", "br")


async def test_answers_lose_only_what_is_about_their_connection(town, door):
    box = town.boxes["web-1"]
    box.status, box.body = 303, b""
    box.headers = {
        "Location": "/feed",
        "Connection": "close, X-Once",
        "X-Once": "1",
        "Keep-Alive": "timeout=5",
        "Server": "secret/1",
        "Cache-Control": "no-store",
        "ETag": '"7"',
    }
    answer = await door.get("/login", allow_redirects=False)
    assert answer.status == 303
    assert {"X-Once", "Keep-Alive", "Server", "Connection"}.isdisjoint(answer.headers)
    kept = (answer.headers["Location"], answer.headers["Cache-Control"], answer.headers["ETag"])
    assert kept == ("/feed", "no-store", '"7"')


async def test_every_cookie_is_set(town, door):
    box = town.boxes["web-1"]
    box.headers = CIMultiDict([("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
    answer = await door.get("/login")
    assert answer.headers.getall("Set-Cookie") == ["a=1", "b=2"]


async def test_one_request_has_one_id_and_one_trace(door):
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    sent = {"X-Request-Id": "from-the-client", "traceparent": trace}
    answer = await door.get("/search", headers=sent)
    headers = (await told(answer))["headers"]
    assert headers["x-request-id"] == answer.headers["X-Request-Id"] == "from-the-client"
    assert headers["traceparent"].split("-")[1] == trace.split("-")[1]
    assert headers["traceparent"] != trace
    assert CALLER.get() is None


@pytest.mark.parametrize("size", [10, 300_000])
async def test_head_says_how_long_it_would_be_and_says_nothing(town, door, size):
    town.boxes["cdn-1"].body = b"x" * size
    answer = await door.head("/media/0a.jpg")
    assert (answer.status, answer.headers["Content-Length"]) == (200, str(size))
    assert await answer.read() == b""
    assert (await door.get("/search")).status == 200


async def test_not_modified_goes_through_without_a_body(town, door):
    box = town.boxes["cdn-1"]
    box.status, box.body, box.headers = 304, b"", {"ETag": '"7"', "Cache-Control": "immutable"}
    answer = await door.get("/media/0a.jpg", headers={"If-None-Match": '"7"'})
    assert (answer.status, answer.headers["ETag"], await answer.read()) == (304, '"7"', b"")
    assert box.asked == ["GET /media/0a.jpg"]
    assert (await door.get("/search")).status == 200


@pytest.mark.parametrize("size", [10, 300_000])
async def test_a_part_goes_through_as_a_part(town, door, size):
    box = town.boxes["cdn-1"]
    box.status, box.body = 206, b"x" * size
    box.headers = {"Content-Range": f"bytes 0-{size - 1}/900000", "Content-Type": "video/mp4"}
    answer = await door.get("/media/0a.mp4", headers={"Range": f"bytes=0-{size - 1}"})
    assert (answer.status, answer.headers["Content-Range"]) == (
        206,
        f"bytes 0-{size - 1}/900000",
    )
    assert answer.headers["Content-Length"] == str(size)
    assert answer.content_type == "video/mp4"
    assert await answer.read() == b"x" * size
    assert box.asked == ["GET /media/0a.mp4"]


async def test_a_compressed_answer_stays_as_it_is(town, door):
    box = town.boxes["cdn-1"]
    box.body, box.headers = gzip.compress(b"x" * 10_000), {"Content-Encoding": "gzip"}
    answer = await door.get("/static/style.css", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert await answer.read() == box.body


async def test_an_answer_of_unknown_length_goes_through(town, door):
    async def pieces():
        for _ in range(100):
            yield b"x" * 5_000

    town.boxes["web-1"].body = pieces()
    answer = await door.get("/feed")
    assert "Content-Length" not in answer.headers
    assert await answer.read() == b"x" * 500_000


async def test_an_answer_that_turns_out_too_long_is_broken_off(town, door):
    async def pieces():
        for _ in range(ANSWER_BYTES_MAX // 100_000 + 1):
            yield b"x" * 100_000

    town.boxes["web-1"].body = pieces()
    answer = await door.get("/feed")
    with pytest.raises(aiohttp.ClientPayloadError):
        await answer.read()


@pytest.mark.parametrize("status", [400, 401, 404, 413, 429, 500, 503])
async def test_a_refusal_is_the_box_s_own(town, door, status):
    town.boxes["gateway-1"].status = status
    town.boxes["gateway-1"].headers = {"Retry-After": "3"}
    answer = await door.post("/login", json={})
    assert (answer.status, answer.headers["Retry-After"]) == (status, "3")
    assert town.boxes["gateway-2"].asked == []


async def test_the_door_speaks_of_itself(door):
    assert [(await door.get(path)).status for path in ("/livez", "/readyz")] == [200, 200]
    assert (await told(await door.get("/metrics")))["name"] == "gateway-1", "who says 404"


async def test_operators_are_told_what_was_relayed_and_who_is_ready(town, sockets):
    await town.add("gateway-1", "gateway-2")
    door = await town.open_door(internal_listen=f"unix:{sockets}/inside")
    await door.get("/search")
    town.address = f"unix:{sockets}/inside"
    text = await (await (await town.client()).get("/metrics")).text()
    assert 'feedtwin_relayed_total{box="gateway",zone="zone-1"}' in text
    assert 'feedtwin_ready_instances{box="gateway"} 2.0' in text


@pytest.mark.parametrize("https", [True, False])
@pytest.mark.parametrize("path", ["/feed", "/media/0a.jpg", "/nowhere", "/livez"])
async def test_only_over_tls_browsers_are_told_to_keep_to_it(town, https, path):
    await town.add("gateway-1", "web-1", "cdn-1")
    town.boxes["cdn-1"].body = b"x" * 300_000
    answer = await (await town.open_door(https=https)).get(path)
    expected = "max-age=31536000" if https else None
    assert answer.headers.get("Strict-Transport-Security") == expected
