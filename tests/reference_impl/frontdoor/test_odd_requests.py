"""Requests that are unlike those of browsers, by mistake or on purpose."""

import json

import pytest
from aiohttp import web


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /search HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade", 400),
        (b"GET /search HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade", 400),
        (b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com", 404),  # it names no path
        (b"TRACE / HTTP/1.1\r\nHost: x", 405),
        (b"PROPFIND / HTTP/1.1\r\nHost: x", 405),
        (b"GET /search HTTP/1.1\r\nHost: a b", 400),
        (b"GET /search HTTP/1.1\r\nHost: a/b", 400),
        (b"GET /search HTTP/1.1\r\nHost: a\r\nHost: b", 400),
        (b"GET /search HTTP/1.1\r\nHost: x\r\nExpect: cake", 417),
        (
            b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked",
            400,
        ),
        (b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2", 400),
        (b"GET /search HTTP/1.1\r\nHost: x\r\nContent-Encoding: br\r\nContent-Encoding: br", 400),
        (b"GET /search HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 9_000, 400),
        (b"GET /search HTTP/1.1\r\nHost: x" + b"\r\nX: 1" * 200, 400),
    ],
)
async def test_what_is_no_request_for_us_is_refused_here(town, door, head, status):
    answer = await town.ask(head + b"\r\nConnection: close\r\n\r\n")
    assert answer.split()[1] == str(status).encode()
    assert b"application/problem+json" in answer
    assert all(box.asked == [] for box in town.boxes.values())


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("//example.com/x", "//example.com/x"),
        ("http://example.com/search?q=1", "/search?q=1"),
        ("/a//b/../c/./d", "/a//b/../c/./d"),
        ("/%2e%2e/%66eed?q=%zz", "/%2e%2e/%66eed?q=%zz"),
    ],
)
async def test_whatever_the_path_seems_to_name_our_own_box_is_asked_for_it(
    town, door, target, path
):
    head = f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert (await town.ask(head.encode())).startswith(b"HTTP/1.1 200 ")
    assert town.boxes["gateway-1"].asked == [f"GET {path}"]


async def test_over_tcp_too_the_path_names_nobody_else(town, door, aiohttp_server):
    """An instance on another host: `//host/path` must not be read as an address."""

    async def answer(request):
        return web.json_response(request.raw_path)

    app = web.Application()
    app.add_routes([web.get("/readyz", answer), web.get("/{_:.*}", answer)])
    url = str((await aiohttp_server(app)).make_url(""))
    town._book.write_text(json.dumps({"gateway": [{"url": url, "zone": "zone-1"}]}))
    await town.open_door()
    raw = await town.ask(b"GET //127.0.0.1:1/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b'"//127.0.0.1:1/x"' in raw
