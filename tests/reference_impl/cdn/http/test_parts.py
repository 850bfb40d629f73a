"""An edge's answers to those who have a file already, or want a part of it, or its length."""

import aiohttp
import pytest

from reference_impl.cdn.contents import PART_BYTES

PICTURE = b"0123456789"
FOREVER = "public, max-age=31536000, immutable"


@pytest.mark.parametrize("said", ['"10"', 'W/"10"', '"a", "10"', "*"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_who_has_it_is_told_so_from_the_cache(client, media, picture, said, method, ask):
    for _ in range(2):
        status, headers, content = await ask(client, picture, method, If_None_Match=said)
        assert (status, content) == (304, b"")
        assert headers["ETag"] == '"10"'
        assert headers["Cache-Control"] == FOREVER
        assert "Content-Type" not in headers
    assert len(media.asked) == 1


async def test_who_has_something_else_is_sent_it(client, picture, ask):
    assert (await ask(client, picture, If_None_Match='"a"'))[::2] == (200, PICTURE)


async def test_a_head_is_the_get_without_its_content(client, media, picture, ask):
    for _ in range(2):
        status, headers, content = await ask(client, picture, "HEAD")
        assert (status, content, headers["Content-Length"]) == (200, b"", "10")
        assert headers["Content-Type"] == "image/jpeg"
    status, headers, content = await ask(client, picture, "HEAD", Range="bytes=0-1")
    assert (status, headers["Content-Length"]) == (200, "10")
    assert [method for method, _, _ in media.asked] == ["GET"]


@pytest.mark.parametrize(
    ("asked", "begin", "end"),
    [("0-0", 0, 1), ("2-5", 2, 6), ("-3", 7, 10), ("4-", 4, 10), ("5-99", 5, 10), ("-99", 0, 10)],
)
async def test_a_part_comes_from_the_whole_that_is_kept(
    client, media, picture, asked, begin, end, ask
):
    for _ in range(2):
        status, headers, content = await ask(client, picture, Range=f"bytes={asked}")
        assert (status, content) == (206, PICTURE[begin:end])
        assert headers["Content-Range"] == f"bytes {begin}-{end - 1}/10"
        assert headers["Content-Length"] == str(end - begin)
    assert len(media.asked) == 1


@pytest.mark.parametrize("asked", ["bytes=3-2", "bytes=0-1,3-4", "bytes=-", "lines=1-2", "x"])
async def test_a_range_that_is_none_is_ignored(client, picture, asked, ask):
    status, headers, content = await ask(client, picture, Range=asked)
    assert (status, content, headers["Accept-Ranges"]) == (200, PICTURE, "bytes")


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=-0"])
async def test_a_range_that_nothing_is_in_is_refused(client, picture, asked, ask):
    status, headers, _ = await ask(client, picture, Range=asked)
    assert (status, headers["Content-Range"]) == (416, "bytes */10")
    assert headers["Content-Type"].startswith("application/problem+json")
    assert headers["Cache-Status"].startswith("edge-zone-1; ")


@pytest.mark.parametrize(("said", "status"), [('"10"', 206), ('"a"', 200), ('W/"10"', 200)])
async def test_a_range_of_another_version_is_the_whole(client, picture, said, status, ask):
    answered, _, _ = await ask(client, picture, Range="bytes=0-1", If_Range=said)
    assert answered == status


async def test_parts_of_weakly_named_contents_are_never_put_together(client, pages, ask):
    style = pages.put("/static/style.css", b"blue", ETag='W/"1"', Cache_Control="max-age=60")
    assert (await ask(client, style, Range="bytes=0-1", If_Range='W/"1"'))[0] == 200


async def test_what_is_long_arrives_whole_and_in_parts(client, media, long_picture, ask):
    whole = media.answers[long_picture][2]
    for _ in range(2):
        status, headers, content = await ask(client, long_picture)
        assert (status, content == whole) == (200, True)
        assert headers["Content-Length"] == str(len(whole))
        assert "Transfer-Encoding" not in headers
    begin = PART_BYTES - 3
    for end in (len(whole), 2 * PART_BYTES + 7, PART_BYTES):
        asked = f"bytes={begin}-{end - 1}"
        status, _, content = await ask(client, long_picture, Range=asked)
        assert (status, content == whole[begin:end]) == (206, True)
    assert len(media.asked) == 1


async def test_a_file_that_is_cut_while_it_is_sent_is_not_taken_for_whole(
    client, long_picture, tmp_path, files_in, ask
):
    await ask(client, long_picture)
    [file] = files_in(tmp_path)
    async with client.get(long_picture) as answer:
        await answer.content.read(1)
        with file.open("r+b") as opened:
            opened.truncate(PART_BYTES)
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()
