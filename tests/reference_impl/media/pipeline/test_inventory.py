"""What there is of images is added up, and what compression saves is told from it."""

import pytest

from reference_impl.media.pipeline.inventory import inventory_of


async def lines_of(objects):
    inventory = await inventory_of(objects)
    return {line.what: line for line in inventory.lines()}


def numbers_of(lines, prefix):
    return {
        what.removeprefix(prefix): line.tally.number
        for what, line in lines.items()
        if what.startswith(prefix)
    }


async def test_uploads_are_counted_by_how_far_they_are(objects, uploaded, developing_on):
    developing = developing_on(objects)
    await uploaded()
    await developing.give_up(await uploaded())
    for _ in range(3):
        await developing.develop(await uploaded())
    lines = await lines_of(objects)
    assert numbers_of(lines, "uploads ") == {"pending": 1, "ready": 3, "failed": 1}
    stored = sum([found.size_bytes async for found in objects.aged(0.0)])
    assert sum(lines[f"uploads {its}"].tally.bytes for its in ("pending", "ready", "failed")) == (
        stored
    )


async def test_renditions_are_set_against_their_originals(
    objects, uploaded, developing_on, picture
):
    developing = developing_on(objects)
    names = [await uploaded(picture((1200, 40))) for _ in range(2)]
    originals, webp, largest = 0, 0, 0
    for name in names:
        manifest = await developing.develop(name)
        originals += await objects.size_bytes(name)
        webp += sum(made.bytes for made in manifest.renditions if made.type == "image/webp")
        largest += manifest.renditions[0].bytes
    lines = await lines_of(objects)
    assert lines["originals of images ready"].tally.bytes == originals
    assert lines["renditions image/webp"].tally.bytes == webp
    assert lines["renditions image/webp"].share == pytest.approx(webp / originals)
    of_largest = lines["image/webp of 1080 in their place"]
    assert (of_largest.tally.number, of_largest.tally.bytes) == (2, largest)
    assert of_largest.bytes_mean == largest / 2
    assert lines["originals 1080 wide or wider"].bytes_mean == originals / 2


async def test_what_dropping_originals_saves_is_what_is_still_kept_of_them(
    objects, uploaded, developing_on
):
    kept, dropped = await uploaded(), await uploaded()
    bytes_kept = await objects.size_bytes(kept)
    await developing_on(objects).develop(kept)
    await developing_on(objects, drops_originals=True).develop(dropped)
    lines = await lines_of(objects)
    saved = lines["saved if originals are dropped"]
    stored = sum([found.size_bytes async for found in objects.aged(0.0)])
    assert (saved.tally.number, saved.tally.bytes) == (1, bytes_kept)
    assert saved.share == pytest.approx(bytes_kept / stored)


async def test_videos_are_no_originals_of_images(objects, uploaded, developing_on):
    await developing_on(objects).keep(await uploaded(b"moving", "video/mp4"))
    lines = await lines_of(objects)
    assert lines["uploads ready"].tally.number == 1
    assert lines["originals of images ready"].tally.number == 0


async def test_of_an_empty_store_nothing_is_said_in_vain(objects):
    lines = await lines_of(objects)
    assert {line.tally.number for line in lines.values()} == {0}
    assert {line.share for line in lines.values()} == {None}
    assert {line.bytes_mean for line in lines.values()} == {None}
