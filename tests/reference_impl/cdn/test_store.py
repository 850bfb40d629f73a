"""The answers an edge keeps: within their bytes, over restarts, and never a damaged one."""

import asyncio
import os
import random
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest

from reference_impl.cdn.contents import PART_BYTES, Filed, Held
from reference_impl.cdn.files import Folder
from reference_impl.cdn.service import REST_S
from reference_impl.cdn.store import Purges
from reference_impl.chassis.errors import Unavailable
from reference_impl.chassis.ranges import Span
from reference_impl.chassis.settings import SettingsError

STYLE = "/static/style.css"
PATIENCE_S = 10.0
MINUTE = {"Cache-Control": "max-age=60"}
LONG = random.Random(1).randbytes(PART_BYTES + 100)


def open_files(folder):
    """How many files of the folder are open, removed ones too."""
    targets = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # that of the listing itself
            targets.append(str(descriptor.readlink()))
    return sum(target.startswith(str(folder / "answers")) for target in targets)


async def kept_in(tmp_path, edge_in, origin, *contents):
    """Have an edge keep these, and end; return their paths."""
    paths = [origin.put_media(content) for content in contents]
    async with edge_in(tmp_path, cache_bytes=16 << 20) as edge:
        for path in paths:
            await edge.get(path)
    return paths


async def test_no_more_is_kept_than_fits_whatever_comes(
    edge_in, origin, tmp_path, files_in, monkeypatch
):
    most, write, luck = 0, Folder.write, random.Random(5)

    def write_and_measure(folder, *args):
        nonlocal most
        written = write(folder, *args)
        most = max(most, sum(file.stat().st_size for file in files_in(tmp_path)))
        return written

    monkeypatch.setattr(Folder, "write", write_and_measure)
    async with edge_in(tmp_path, cache_bytes=50_000) as edge:
        for number in range(100):
            path = origin.put_media(bytes([number]) * luck.randrange(5_000))
            assert (await edge.get(path))[1] == "miss"
            assert edge.store.bytes_used == sum(its.stat().st_size for its in files_in(tmp_path))
    assert 40_000 < most <= 50_000


async def test_what_was_not_asked_for_longest_goes_first(edge_in, origin, tmp_path):
    paths = [origin.put_media(bytes([number]) * 10_000) for number in range(9)]
    async with edge_in(tmp_path, cache_bytes=8 * 11_000) as edge:
        for path in paths:
            await edge.get(path)
            assert (await edge.get(paths[0]))[1] == "hit"
        outcomes = [(await edge.get(path))[1] for path in (paths[0], paths[8], paths[7], paths[1])]
    assert outcomes == ["hit", "hit", "hit", "miss"]


async def test_the_order_of_use_outlives_a_restart(edge_in, origin, tmp_path, files_in):
    first, *others = await kept_in(tmp_path, edge_in, origin, *(bytes([n]) * 1_000 for n in (1, 2)))
    for at_s, file in enumerate(files_in(tmp_path)):
        os.utime(file, (at_s, at_s))
    async with edge_in(tmp_path) as edge:
        await edge.get(first)
    async with edge_in(tmp_path, cache_bytes=2_000) as edge:
        assert edge.store.find(first, {}) is not None
        assert edge.store.find(others[0], {}) is None
    assert len(files_in(tmp_path)) == 1


async def test_what_is_too_large_a_share_passes_through(edge_in, origin, tmp_path, files_in):
    small, large = origin.put_media(bytes(500)), origin.put_media(bytes(2_000))
    async with edge_in(tmp_path, cache_bytes=16_000) as edge:
        assert (await edge.get(small))[1] == "miss"
        assert await edge.get(large) == (200, "pass", bytes(2_000))
        assert (await edge.get(small))[1] == "hit"
    assert len(files_in(tmp_path)) == 1


async def test_a_new_life_of_the_edge_has_what_the_last_one_kept(edge_in, origin, tmp_path):
    short, long = await kept_in(tmp_path, edge_in, origin, b"a picture", LONG)
    origin.go_away()
    async with edge_in(tmp_path) as edge:
        for _ in range(2):
            assert await edge.get(short) == (200, "hit", b"a picture")
            assert await edge.get(long) == (200, "hit", LONG)


async def test_ages_go_on_over_a_restart(edge_in, origin, clock, tmp_path):
    origin.put(STYLE, b"blue", MINUTE)
    async with edge_in(tmp_path) as edge:
        await edge.get(STYLE)
    clock.pass_s(60)
    async with edge_in(tmp_path) as edge:
        assert await edge.get(STYLE) == (200, "revalidated", b"blue")
    async with edge_in(tmp_path) as edge:
        assert await edge.get(STYLE) == (200, "revalidated", b"blue")


async def test_variants_are_kept_apart_over_a_restart(edge_in, origin, tmp_path):
    vary = {**MINUTE, "Vary": "Accept"}
    origin.put(STYLE, b"jpeg", vary)
    origin.put(STYLE, b"webp", vary, accept="image/webp, */*")
    async with edge_in(tmp_path) as edge:
        await edge.get(STYLE)
        await edge.get(STYLE, "image/webp")
    async with edge_in(tmp_path) as edge:
        assert await edge.get(STYLE) == (200, "hit", b"jpeg")
        assert await edge.get(STYLE, "image/webp") == (200, "hit", b"webp")


@pytest.mark.parametrize("content", [b"a picture", LONG])
@pytest.mark.parametrize("at", ["content", "last", "head", "cut", "more", "empty"])
async def test_what_was_damaged_while_the_edge_was_down_is_fetched_anew(
    edge_in, origin, tmp_path, files_in, content, at
):
    [path] = await kept_in(tmp_path, edge_in, origin, content)
    [file] = files_in(tmp_path)
    written = bytearray(file.read_bytes())
    match at:
        case "content":
            written[-len(content)] ^= 1
        case "last":
            written[-1] ^= 1
        case "head":
            written[written.index(b"a/b")] ^= 1
        case "cut":
            del written[-1]
        case "more":
            written += b"x"
        case "empty":
            written.clear()
    file.write_bytes(written)
    async with edge_in(tmp_path) as edge:
        assert await edge.get(path) == (200, "miss", content)
        assert await edge.get(path) == (200, "hit", content)
    assert len(files_in(tmp_path)) == 1


@pytest.mark.parametrize("by", [-1, 1])
async def test_a_file_of_another_length_than_it_says_is_removed_at_the_start(
    edge_in, origin, tmp_path, files_in, by
):
    await kept_in(tmp_path, edge_in, origin, b"a picture")
    [file] = files_in(tmp_path)
    os.truncate(file, file.stat().st_size + by)
    async with edge_in(tmp_path) as edge:
        assert not files_in(tmp_path)
        assert edge.store.bytes_used == 0


async def test_what_was_cut_while_the_edge_runs_is_fetched_anew(
    edge, origin, tmp_path, files_in, path_of
):
    path = origin.put_media(LONG)
    await edge.get(path)
    [file] = files_in(tmp_path)
    os.truncate(file, 1_000)
    assert await edge.get(path) == (200, "miss", LONG)


async def test_what_is_damaged_is_kept_no_longer_even_if_it_cannot_be_fetched(
    edge, origin, tmp_path, files_in
):
    path = origin.put_media(LONG)
    await edge.get(path)
    [file] = files_in(tmp_path)
    os.truncate(file, 1_000)
    origin.go_away()
    with pytest.raises(Unavailable):
        await edge.get(path)
    assert not files_in(tmp_path)
    assert edge.store.bytes_used == 0


async def test_a_file_of_one_picture_is_not_taken_for_another(
    edge_in, origin, tmp_path, files_in, path_of
):
    """As if an earlier version had kept what an origin sent wrongly."""
    path = origin.put("/static/x", b"another", {"Cache-Control": "max-age=60"})
    async with edge_in(tmp_path) as edge:
        await edge.get(path)
        place = edge.store.find(path, {})
        wrong = {its: getattr(place.entry, its) for its in place.entry.__slots__}
        entry = type(place.entry)(**{**wrong, "path": path_of(b"a picture")})
        await edge.store.keep(entry, b"another", since=0)
    async with edge_in(tmp_path) as edge:
        assert edge.store.find(path_of(b"a picture"), {}) is None
        assert edge.store.find("/static/x", {}) is not None
    assert len(files_in(tmp_path)) == 1


async def test_files_that_are_not_ours_go_at_the_start_but_none_outside(
    edge_in, origin, tmp_path, files_in
):
    [path] = await kept_in(tmp_path, edge_in, origin, b"a picture")
    mine, answers = tmp_path / "diary.txt", tmp_path / "answers"
    mine.write_text("dear diary")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("of somebody else")
    (answers / f"{'0' * 32}.draft").write_bytes(b"half an ans")
    (answers / ("1" * 32)).write_bytes(b"")
    (answers / "notes").write_text("hello")
    (answers / ("2" * 32)).symlink_to(elsewhere)
    (answers / ("3" * 32)).mkdir()
    async with edge_in(tmp_path) as edge:
        assert (
            len([its for its in files_in(tmp_path) if its.is_file() and not its.is_symlink()]) == 1
        )
        assert (await edge.get(path))[1] == "hit"
    assert mine.read_text() == "dear diary"
    assert elsewhere.read_text() == "of somebody else"


async def test_two_edges_never_share_a_folder(edge_in, tmp_path):
    async with edge_in(tmp_path):
        with pytest.raises(SettingsError, match="in use by another edge"):
            async with edge_in(tmp_path):
                pass
    async with edge_in(tmp_path):
        pass


async def test_a_disk_that_takes_nothing_in_makes_the_edge_pass_on_what_is_short(
    edge, origin, clock, tmp_path, files_in, monkeypatch
):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    path, short = origin.put_media(LONG), origin.put_media(LONG[:PART_BYTES])
    with monkeypatch.context() as patched:
        patched.setattr(os, "utime", full)  # after the file was written
        assert await edge.get(path) == (200, "pass", LONG)
        assert not files_in(tmp_path)
        patched.setattr(Folder, "write", full)
        assert await edge.get(path) == (200, "pass", LONG)
        patched.setattr(tempfile, "TemporaryFile", full)
        assert await edge.get(short) == (200, "pass", LONG[:PART_BYTES])
        with pytest.raises(Unavailable, match="the disk of the edge"):
            await edge.get(path)
    clock.pass_s(REST_S)
    assert edge.store.bytes_used == 0
    assert await edge.get(path) == (200, "miss", LONG)
    assert await edge.get(path) == (200, "hit", LONG)


async def test_what_is_being_read_can_be_read_to_its_end(edge, origin):
    path = origin.put_media(LONG)
    content = (await edge.service.get(path, accept="")).content
    await edge.service.purge([path])
    assert await content.read(Span(begin=len(LONG) - 10, end=len(LONG))) == LONG[-10:]


async def test_what_is_long_is_not_held_in_memory_and_its_file_is_closed_in_the_end(
    edge, origin, tmp_path
):
    origin.put(STYLE, LONG, {"Cache-Control": "no-store"})
    long = origin.put_media(LONG)
    short = origin.put_media(LONG[:PART_BYTES])
    assert isinstance((await edge.service.get(short, accept="")).content, Held)
    served = [await edge.service.get(path, accept="") for path in (STYLE, long, long)]
    assert all(isinstance(its.content, Filed) for its in served)
    assert open_files(tmp_path) == 3
    del served
    async with asyncio.timeout(PATIENCE_S):
        while open_files(tmp_path):  # noqa: ASYNC110 - a thread lets go of its last result
            await asyncio.sleep(0.001)


def test_purges_that_are_forgotten_count_for_every_path():
    purges = Purges(marks_max=2)
    purges.mark(["a"])
    since = purges.latest
    purges.mark(["b"])
    assert not purges.has_come("a", since=since)
    assert purges.has_come("b", since=since)
    assert not purges.has_come("c", since=since)
    purges.mark(["b", "d", "e"])
    assert purges.has_come("c", since=since)
    assert not purges.has_come("c", since=purges.latest)
