"""An edge as its clients see it, and as its origins do."""

import asyncio

import pytest
from multidict import CIMultiDict

from reference_impl.cdn.metrics import ANSWERED_BYTES, FETCHED_BYTES, REQUESTS

PICTURE = b"0123456789"
FOREVER = "public, max-age=31536000, immutable"


async def test_media_and_files_of_the_pages_come_from_their_own_origins(
    client, media, pages, picture, ask
):
    style = pages.put("/static/a/style-1.css", b"blue", Cache_Control="max-age=60")
    assert (await ask(client, picture))[::2] == (200, PICTURE)
    assert (await ask(client, style))[::2] == (200, b"blue")
    assert [path for _, path, _ in media.asked] == [picture]
    assert [path for _, path, _ in pages.asked] == [style]


async def test_an_answer_says_where_it_came_from_and_how_old_it_is(client, pages, clock, ask):
    style = pages.put("/static/style.css", b"blue", Cache_Control="max-age=60", Age="10")
    said = []
    for wait_s in (0, 20.5, 40, 0):
        clock.pass_s(wait_s)
        _, headers, _ = await ask(client, style)
        said.append((headers["Age"], headers["Cache-Status"]))
    assert said == [
        ("10", "edge-zone-1; fwd=miss; fwd-status=200; stored"),
        ("30", "edge-zone-1; hit; ttl=29"),
        ("10", "edge-zone-1; fwd=stale; fwd-status=304"),
        ("10", "edge-zone-1; hit; ttl=50"),
    ]


async def test_what_is_not_kept_and_what_stands_in_say_so(client, pages, clock, ask):
    secret = pages.put("/static/secret", b"mine", Cache_Control="no-store")
    assert (await ask(client, secret))[1]["Cache-Status"] == "edge-zone-1; fwd=miss; fwd-status=200"
    style = pages.put("/static/style.css", b"blue", Cache_Control="max-age=60")
    await ask(client, style)
    clock.pass_s(70)
    pages.put(style, b"down", status=500)
    status, headers, content = await ask(client, style)
    assert (status, content) == (200, b"blue")
    assert headers["Cache-Status"] == "edge-zone-1; fwd=stale; detail=stale-if-error"
    assert headers["Age"] == "70"


async def test_who_waited_for_the_fetch_of_another_is_told(client, media, picture, ask):
    said = [
        headers["Cache-Status"]
        for _, headers, _ in await asyncio.gather(*(ask(client, picture) for _ in range(20)))
    ]
    assert len(media.asked) == 1
    fetched, shared = "edge-zone-1; fwd=miss; fwd-status=200; stored", "; collapsed"
    assert {its for its in said if "hit" not in its} <= {fetched, fetched + shared}
    assert said.count(fetched) == 1


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_an_origin_that_fails_makes_the_edge_say_come_again(
    client, media, picture, status, ask
):
    media.put(picture, b"down", status=status)
    answered, headers, _ = await ask(client, picture)
    assert (answered, headers["Content-Type"]) == (503, "application/problem+json; charset=utf-8")
    assert headers["Retry-After"] == "1"


async def test_what_is_not_there_is_said_as_the_origin_says_it(client, picture, ask):
    missing = picture.replace("jpg", "png")
    assert (await ask(client, missing))[::2] == (404, b"nothing")
    assert (await ask(client, missing))[1]["Cache-Status"] == "edge-zone-1; hit; ttl=2"


async def test_a_picture_that_is_not_what_its_name_says_reaches_nobody(client, media, picture, ask):
    media.put(picture, b"another", Cache_Control=FOREVER)
    assert (await ask(client, picture))[0] == 503
    media.put(picture, PICTURE, Cache_Control=FOREVER)
    assert (await ask(client, picture))[::2] == (200, PICTURE)


async def test_a_part_that_nobody_asked_for_is_not_taken_for_the_whole(client, pages, ask):
    style = pages.put("/static/style.css", b"bl", status=206, Cache_Control="max-age=60")
    assert (await ask(client, style))[0] == 503


async def test_no_cookie_passes_in_either_direction(client, pages, ask):
    style = pages.put(
        "/static/style.css",
        b"blue",
        Cache_Control="max-age=60",
        Set_Cookie="session=1",
        Content_Type="text/css",
        X_Secret="inner",
        Content_Security_Policy="default-src 'none'",
    )
    told = {"Cookie": "session=2", "Authorization": "Bearer x", "X_User_Id": "7", "Via": "me"}
    for _ in range(2):
        _, headers, _ = await ask(client, style, **told, Range="bytes=0-1", If_None_Match='"x"')
        assert "Set-Cookie" not in headers
        assert "X-Secret" not in headers
        assert headers["Content-Type"] == "text/css"
        assert headers["Content-Security-Policy"] == "default-src 'none'"
    [(_, _, asked)] = pages.asked
    ours = {"x-request-id", "x-deadline", "traceparent"}
    assert {name.lower() for name in asked} == {"host", "accept", *ours}


async def test_what_follows_the_question_mark_makes_no_difference(client, media, picture, ask):
    for query in ("", "?1", "?a=b"):
        assert (await ask(client, picture + query))[::2] == (200, PICTURE)
    assert [path for _, path, _ in media.asked] == [picture]


async def test_what_a_client_says_of_caching_makes_the_edge_ask_nobody(client, media, picture, ask):
    for _ in range(3):
        told = {"Cache_Control": "no-cache, no-store", "Pragma": "no-cache"}
        assert (await ask(client, picture, **told))[0] == 200
    assert len(media.asked) == 1


@pytest.mark.parametrize(
    "path",
    [
        "/media/x.jpg",
        "/media/" + "0" * 64 + "-0123456789abcdef.gif",
        "/media/" + "0" * 64 + ".jpg",
        "/media/" + "A" * 64 + "-0123456789abcdef.jpg",
        "/static/",
        "/static",
        "/static/.env",
        "/static/a/.git/config",
        "/static/a%2F..%2Fb",
        "/static/..%2fsecrets",
        "/static/a//b",
        "/static/a%00",
        "/static/a b",
        "/static/%C3%A4",
        "/static/" + "a" * 200,
        "/internal/objects",
        "/",
    ],
)
async def test_other_paths_are_asked_of_nobody(client, media, pages, path, ask):
    status, headers, _ = await ask(client, path)
    assert (status, headers["Content-Type"].partition(";")[0]) == (404, "application/problem+json")
    assert not media.asked
    assert not pages.asked


async def test_a_path_with_needless_escapes_is_the_same_path(client, pages, ask):
    style = pages.put("/static/style.css", b"blue", Cache_Control="max-age=60")
    assert (await ask(client, style))[0] == 200
    reader, writer = await asyncio.open_unix_connection(str(client.connector.path))
    writer.write(b"GET /static/%73tyle.css HTTP/1.0\r\n\r\n")
    assert b"edge-zone-1; hit" in await reader.read(-1)
    writer.close()
    assert len(pages.asked) == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_an_edge_takes_nothing_in(client, media, picture, method, ask):
    assert (await ask(client, picture, method))[0] == 405
    assert not media.asked


async def test_a_redirection_is_passed_on_not_followed(client, pages, ask):
    old = pages.put("/static/old", b"", status=308, Location="/static/new")
    status, headers, _ = await ask(client, old)
    assert (status, headers["Location"]) == (308, "/static/new")
    assert len(pages.asked) == 1


async def test_several_lines_of_a_header_are_one_list(client, pages, ask):
    lines = CIMultiDict([("Cache-Control", "max-age=60"), ("Cache-Control", "no-store")])
    pages.answers["/static/x"] = (200, lines, b"mine")
    for _ in range(2):
        _, headers, _ = await ask(client, "/static/x")
        assert headers["Cache-Status"] == "edge-zone-1; fwd=miss; fwd-status=200"
        assert headers["Cache-Control"] == "max-age=60, no-store"


async def test_requests_and_bytes_are_counted_by_where_answers_came_from(client, picture, ask):
    def counted():
        outcomes = ("hit", "miss", "error")
        return [
            *(REQUESTS.labels(its)._value.get() for its in outcomes),
            *(ANSWERED_BYTES.labels(its)._value.get() for its in ("cache", "origin")),
            FETCHED_BYTES._value.get(),
        ]

    before = counted()
    for _ in range(3):
        await ask(client, picture)
    await ask(client, picture, Range="bytes=0-2")
    await ask(client, picture, "HEAD")
    await ask(client, picture, If_None_Match="*")
    assert [now - then for now, then in zip(counted(), before, strict=True)] == [
        5,
        1,
        0,
        23,
        10,
        10,
    ]
    text = (await ask(client, "/metrics"))[2].decode()
    assert 'feedtwin_edge_requests_total{outcome="hit"}' in text
    assert "feedtwin_edge_cache_bytes" in text
