"""What an edge answers from its cache, and when it asks the origin."""

import asyncio
import time

import pytest

from reference_impl.cdn import brief, service
from reference_impl.chassis.callers import CALLER, Caller
from reference_impl.chassis.errors import Unavailable

STYLE = "/static/style.css"
MINUTE = {"Cache-Control": "max-age=60"}


async def test_what_was_fetched_once_is_answered_from_the_cache(edge, origin):
    path = origin.put_media(b"a picture")
    assert await edge.get(path) == (200, "miss", b"a picture")
    assert await edge.get(path) == (200, "hit", b"a picture")
    assert len(origin.asked) == 1


async def test_what_is_stale_is_asked_about_and_answered_from_the_cache_if_it_is_still_so(
    edge, origin, clock
):
    origin.put(STYLE, b"blue", MINUTE)
    await edge.get(STYLE)
    clock.pass_s(60)
    assert await edge.get(STYLE) == (200, "revalidated", b"blue")
    [_, (_, _, etag)] = origin.asked
    assert etag.startswith('"')
    clock.pass_s(59)
    assert await edge.get(STYLE) == (200, "hit", b"blue")


async def test_what_is_stale_is_replaced_if_it_has_changed(edge, origin, clock, tmp_path, files_in):
    origin.put(STYLE, b"blue", MINUTE)
    await edge.get(STYLE)
    origin.put(STYLE, b"green", MINUTE)
    assert await edge.get(STYLE) == (200, "hit", b"blue")
    clock.pass_s(60)
    assert await edge.get(STYLE) == (200, "miss", b"green")
    assert await edge.get(STYLE) == (200, "hit", b"green")
    assert len(files_in(tmp_path)) == 1


async def test_while_the_origin_is_away_what_is_stale_stands_in_for_a_bounded_time(
    edge, origin, clock
):
    origin.put(STYLE, b"blue", {"Cache-Control": "max-age=60, stale-if-error=30"})
    await edge.get(STYLE)
    origin.go_away()
    clock.pass_s(89)
    assert await edge.get(STYLE) == (200, "stale", b"blue")
    clock.pass_s(1)
    with pytest.raises(Unavailable):
        await edge.get(STYLE)
    origin.come_back()
    assert await edge.get(STYLE) == (200, "revalidated", b"blue")


async def test_an_origin_that_failed_is_left_alone_for_a_moment(edge, origin, clock):
    origin.put(STYLE, b"blue", MINUTE)
    await edge.get(STYLE)
    origin.go_away()
    clock.pass_s(60)
    for _ in range(3):
        assert (await edge.get(STYLE))[1] == "stale"
    assert len(origin.asked) == 2
    origin.come_back()
    clock.pass_s(service.REST_S)
    assert (await edge.get(STYLE))[1] == "revalidated"


async def test_a_client_without_time_is_not_taken_for_an_origin_that_failed(edge, origin, clock):
    origin.put(STYLE, b"blue", MINUTE)
    await edge.get(STYLE)
    clock.pass_s(60)
    origin.hold()
    told = CALLER.set(Caller(request_id="in-haste", deadline_s=time.time() + 0.05))
    assert (await edge.get(STYLE))[1] == "stale"
    CALLER.reset(told)
    origin.flow.set()
    assert (await edge.get(STYLE))[1] == "revalidated"


async def test_what_must_be_revalidated_never_stands_in(edge, origin, clock):
    origin.put(STYLE, b"blue", {"Cache-Control": "max-age=60, must-revalidate"})
    await edge.get(STYLE)
    clock.pass_s(60)
    origin.go_away()
    with pytest.raises(Unavailable):
        await edge.get(STYLE)


@pytest.mark.parametrize("told", ["no-store", "private, max-age=9", "max-age=9, no-store"])
async def test_what_must_not_be_kept_is_passed_on(edge, origin, told, tmp_path, files_in):
    origin.put(STYLE, b"mine", {"Cache-Control": told})
    assert await edge.get(STYLE) == (200, "pass", b"mine")
    assert await edge.get(STYLE) == (200, "pass", b"mine")
    assert not files_in(tmp_path)


@pytest.mark.parametrize("status", [200, 404, 410])
async def test_what_must_not_be_kept_any_more_takes_the_former_copy_with_it(
    edge, origin, clock, status
):
    origin.put(STYLE, b"public", MINUTE)
    await edge.get(STYLE)
    clock.pass_s(60)
    origin.put(STYLE, b"mine", {"Cache-Control": "no-store"}, status=status)
    assert await edge.get(STYLE) == (status, "pass", b"mine")
    origin.go_away()
    with pytest.raises(Unavailable):
        await edge.get(STYLE)


async def test_a_copy_that_is_still_good_but_must_not_be_kept_is_dropped(
    edge, origin, clock, tmp_path, files_in
):
    origin.put(STYLE, b"blue", MINUTE)
    await edge.get(STYLE)
    clock.pass_s(60)
    origin.put(STYLE, b"blue", {"Cache-Control": "no-store"})
    assert await edge.get(STYLE) == (200, "revalidated", b"blue")
    assert not files_in(tmp_path)


async def test_a_refusal_does_not_cost_the_copy(edge, origin, clock):
    origin.put(STYLE, b"blue", MINUTE)
    await edge.get(STYLE)
    clock.pass_s(60)
    origin.put(STYLE, b"too many", {}, status=429)
    assert await edge.get(STYLE) == (429, "pass", b"too many")
    origin.go_away()
    assert await edge.get(STYLE) == (200, "stale", b"blue")


@pytest.mark.parametrize("status", [404, 308])
async def test_that_something_is_not_there_is_remembered_for_two_seconds(
    edge, origin, clock, status
):
    origin.put(STYLE, b"elsewhere", {"Location": "/static/x"}, status=status)
    assert await edge.get(STYLE) == (status, "miss", b"elsewhere")
    clock.pass_s(1.9)
    assert await edge.get(STYLE) == (status, "hit", b"elsewhere")
    origin.put(STYLE, b"blue", MINUTE)
    clock.pass_s(0.1)
    assert await edge.get(STYLE) == (200, "miss", b"blue")
    assert await edge.get(STYLE) == (200, "hit", b"blue")


async def test_who_asks_for_what_is_not_there_pushes_nothing_out(edge, origin, monkeypatch):
    monkeypatch.setattr(brief, "ENTRIES_MAX", 3)
    path = origin.put_media(b"a picture")
    await edge.get(path)
    for number in range(5):
        await edge.get(f"/static/{number}")
    assert (await edge.get("/static/2"))[1] == "hit"
    assert (await edge.get("/static/1"))[1] == "miss"
    assert (await edge.get(path))[1] == "hit"


async def test_a_long_answer_that_nothing_is_there_is_not_remembered(edge, origin):
    origin.put(STYLE, b"x" * (brief.CONTENT_BYTES_MAX + 1), {}, status=404)
    assert (await edge.get(STYLE))[:2] == (404, "pass")
    assert (await edge.get(STYLE))[:2] == (404, "pass")


async def test_answers_that_depend_on_what_is_accepted_are_kept_apart(edge, origin):
    vary = {**MINUTE, "Vary": "Accept"}
    origin.put(STYLE, b"jpeg", vary)
    origin.put(STYLE, b"webp", vary, accept="image/webp, */*")
    assert await edge.get(STYLE, "image/webp,*/*;q=0.8") == (200, "miss", b"webp")
    assert await edge.get(STYLE, "text/html") == (200, "miss", b"jpeg")
    assert await edge.get(STYLE, "a/b, IMAGE/webp;q=0.1") == (200, "hit", b"webp")
    assert await edge.get(STYLE, "*/*") == (200, "hit", b"jpeg")
    assert [told for _, told, _ in origin.asked] == [
        {"accept": "image/webp, */*"},
        {"accept": "*/*"},
    ]


async def test_answers_that_do_not_depend_on_it_are_kept_once(edge, origin):
    origin.put(STYLE, b"blue", MINUTE)
    await edge.get(STYLE, "image/webp")
    assert (await edge.get(STYLE, "image/avif"))[1] == "hit"


async def test_fifty_at_a_time_cost_one_fetch(edge, origin):
    path = origin.put_media(b"a picture")
    origin.hold()
    asking = [asyncio.create_task(edge.service.get(path, accept="")) for _ in range(50)]
    await origin.reached.wait()
    origin.flow.set()
    served = await asyncio.gather(*asking)
    assert len(origin.asked) == 1
    assert sorted(its.is_shared for its in served) == [False, *[True] * 49]


@pytest.mark.parametrize(("failures", "errors", "fetches"), [(1, 1, 2), (2, 50, 2)])
async def test_when_a_fetch_fails_one_other_tries_again(edge, origin, failures, errors, fetches):
    path = origin.put_media(b"a picture")
    origin.failures = failures
    origin.hold()
    asking = [asyncio.create_task(edge.service.get(path, accept="")) for _ in range(50)]
    await origin.reached.wait()
    origin.flow.set()
    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert sum(isinstance(its, Unavailable) for its in answers) == errors
    assert len(origin.asked) == fetches


async def test_who_goes_away_takes_the_fetch_from_nobody(edge, origin):
    path = origin.put_media(b"a picture")
    origin.hold()
    first = asyncio.create_task(edge.get(path))
    await origin.reached.wait()
    second = asyncio.create_task(edge.get(path))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    origin.flow.set()
    assert await second == (200, "miss", b"a picture")
    assert len(origin.asked) == 1


async def test_a_fetch_that_nobody_waits_for_any_more_fills_the_cache(edge, origin):
    path = origin.put_media(b"a picture")
    origin.hold()
    alone = asyncio.create_task(edge.get(path))
    await origin.reached.wait()
    alone.cancel()
    origin.flow.set()
    await edge.service.finish()
    assert await edge.get(path) == (200, "hit", b"a picture")


async def test_no_more_than_so_many_are_fetched_at_a_time(edge, origin, monkeypatch):
    origin.hold()
    asking = [
        asyncio.create_task(edge.get(f"/static/{number}"))
        for number in range(service.FETCHES_MAX + 5)
    ]
    await origin.reached.wait()
    for _ in range(10):
        await asyncio.sleep(0)
    assert len(origin.asked) == service.FETCHES_MAX
    origin.flow.set()
    await asyncio.gather(*asking)
    assert len(origin.asked) == service.FETCHES_MAX + 5


async def test_a_copy_whose_file_is_gone_is_fetched_anew(edge, origin, tmp_path, files_in):
    path = origin.put_media(b"a picture")
    await edge.get(path)
    [file] = files_in(tmp_path)
    file.unlink()
    assert await edge.get(path) == (200, "miss", b"a picture")
    assert await edge.get(path) == (200, "hit", b"a picture")


async def test_a_stale_copy_whose_file_is_gone_is_fetched_whole(
    edge, origin, clock, tmp_path, files_in
):
    origin.put(STYLE, b"blue", MINUTE)
    await edge.get(STYLE)
    clock.pass_s(60)
    [file] = files_in(tmp_path)
    file.unlink()
    assert await edge.get(STYLE) == (200, "miss", b"blue")
    assert [etag == "" for _, _, etag in origin.asked] == [True, False, True]
