import io
import itertools
import struct
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageCms, ImageOps, ImageStat
from PIL.PngImagePlugin import PngInfo

from reference_impl.media.pictures import developed, taken_in

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
CORNERS = {(0, 0): "red", (1, 0): "lime", (0, 1): "blue", (1, 1): "white"}
SIDE = 32  # of a square of one colour: JPEG's blocks are 16 pixels


def squares():
    """An image that looks different from every side."""
    image = Image.new("RGB", (2 * SIDE, 3 * SIDE), "black")
    for (column, row), colour in CORNERS.items():
        at = (column * SIDE, row * SIDE, (column + 1) * SIDE, (row + 1) * SIDE)
        image.paste(colour, at)
    return image


def encoded(image, form, **how):
    file = io.BytesIO()
    image.save(file, form, **how)
    return file.getvalue()


def decoded(picture):
    image = Image.open(io.BytesIO(picture.content))
    assert image.size == (picture.width, picture.height)
    image.load()
    return image


def taken(image, form, **how):
    return decoded(taken_in(encoded(image, form, **how)))


def oriented(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def is_alike(one, other, *, by=8):
    """Say whether no channel of any pixel differs by more than what a good JPEG loses."""
    difference = ImageChops.difference(one.convert("RGB"), other.convert("RGB"))
    return max(band.getextrema()[1] for band in difference.split()) <= by


def centres(image):
    """The middle of every square, where no colour has run into another."""
    wide, high = (side // SIDE for side in image.size)
    small = Image.new("RGB", (wide, high))
    for at in itertools.product(range(wide), range(high)):
        x, y = (place * SIDE + SIDE // 2 for place in at)
        small.putpixel(at, image.convert("RGB").getpixel((x, y)))
    return small


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_is_stored_upright(form, orientation):
    content = encoded(squares(), form, exif=oriented(orientation))
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    image = decoded(taken_in(content))
    assert image.size == upright.size == ((64, 96) if orientation < 5 else (96, 64))
    assert is_alike(centres(image), centres(upright))
    assert image.getexif().get(0x0112) is None


def test_a_phone_held_sideways_took_it_with_the_sky_on_the_right():
    # Orientation 6: the first row of pixels is the right-hand side of what was seen.
    image = taken(squares(), "PNG", exif=oriented(6))
    assert image.getpixel((95, 0)) == (255, 0, 0)  # first pixel of the first row: upper right
    assert image.getpixel((95, 63)) == (0, 255, 0)


@pytest.mark.parametrize("orientation", [0, 9, 65_535])
def test_an_orientation_that_does_not_exist_turns_nothing(orientation):
    assert taken(squares(), "PNG", exif=oriented(orientation)).size == (64, 96)


def test_damaged_metadata_damage_no_picture():
    image = taken(squares(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\0\0")
    assert image.size == (64, 96)


def full_of_metadata(form):
    exif = Image.Exif()
    exif[0x010E] = "a secret description"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)  # GPS latitude
    how: dict[str, Any] = {
        "exif": exif,
        "icc_profile": SRGB,
        "xmp": b"<x:xmpmeta>a secret</x:xmpmeta>",
    }
    if form == "JPEG":
        how["comment"] = b"a secret comment"
    if form == "PNG":
        how["dpi"] = (300, 300)
        how["pnginfo"] = text = PngInfo()
        text.add_text("Author", "a secret author", zip=True)
        text.add_itxt("Place", "a secret place")
    return encoded(squares(), form, **how)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_of_metadata_nothing_is_kept(form):
    content = full_of_metadata(form)
    assert Image.open(io.BytesIO(content)).getexif().get_ifd(0x8825)
    for picture in [taken_in(content), *developed(content)]:
        image = decoded(picture)
        assert not image.getexif()
        assert not {"icc_profile", "xmp", "exif", "comment", "dpi"} & image.info.keys()
        assert not getattr(image, "text", {})
        for word in (b"secret", b"Exif", b"XMP", b"ICC", b"eXIf", b"iCCP"):
            assert word not in picture.content


@pytest.mark.parametrize(
    ("form", "content_type"),
    [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")],
)
def test_an_image_stays_of_its_type_and_nobody_sees_a_difference(photo_of, form, content_type):
    content = photo_of((200, 100), form, grain=10, quality=95)
    picture = taken_in(content)
    assert (picture.content_type, picture.width, picture.height) == (content_type, 200, 100)
    before, after = Image.open(io.BytesIO(content)), decoded(picture)
    difference = ImageStat.Stat(ImageChops.difference(before.convert("RGB"), after.convert("RGB")))
    assert max(difference.rms) < (0.5 if form == "PNG" else 4)


def palette(*, transparency=None):
    image = squares().quantize(8)
    how = {} if transparency is None else {"transparency": transparency}
    return encoded(image, "PNG", **how)


def test_a_palette_becomes_colours():
    image = decoded(taken_in(palette()))
    assert image.mode == "RGB"
    assert is_alike(image, squares())


def test_a_transparent_colour_of_a_palette_becomes_an_alpha_channel():
    source = squares().quantize(8)
    gone = source.getpixel((0, 0))
    image = decoded(taken_in(palette(transparency=gone)))
    assert image.mode == "RGBA"
    assert image.getpixel((0, 0))[3] == 0
    assert image.getpixel((SIDE, 0)) == (0, 255, 0, 255)


def test_a_transparent_colour_without_a_palette_becomes_an_alpha_channel():
    image = taken(squares(), "PNG", transparency=(255, 0, 0))
    assert [image.getpixel(at)[3] for at in ((0, 0), (SIDE, 0))] == [0, 255]


def test_grey_with_alpha_keeps_both():
    image = taken(Image.new("LA", (4, 4), (90, 40)), "PNG")
    assert (image.mode, image.getpixel((0, 0))) == ("RGBA", (90, 90, 90, 40))


def test_grey_stays_grey():
    assert taken(Image.new("L", (4, 4), 90), "PNG").mode == "L"
    assert taken(Image.new("L", (4, 4), 90), "JPEG").mode == "L"


def test_black_and_white_becomes_grey():
    image = taken(Image.new("1", (4, 4), 1), "PNG")
    assert (image.mode, image.getpixel((0, 0))) == ("L", 255)


def test_grey_of_16_bits_keeps_its_upper_8():
    levels = (0, 0x7FFF, 0x80FF, 0xFFFF)
    source = Image.frombytes("I;16", (4, 1), struct.pack("<4H", *levels))
    image = taken(source, "PNG")
    assert [image.getpixel((x, 0)) for x in range(4)] == [0, 127, 128, 255]


def test_printing_colours_become_those_of_a_screen():
    image = taken(squares().convert("CMYK"), "JPEG", quality=95)
    assert image.mode == "RGB"
    assert is_alike(centres(image), centres(squares()))


def with_red_and_green_exchanged():
    """A profile by which the first channel is green, and the second red."""
    for_a_moment = SRGB.replace(b"rXYZ", b"-XYZ", 1).replace(b"gXYZ", b"rXYZ", 1)
    return for_a_moment.replace(b"-XYZ", b"gXYZ", 1)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_colours_are_brought_to_srgb(mode):
    red = Image.new(mode, (8, 8), "red")
    image = taken(red, "PNG", icc_profile=with_red_and_green_exchanged())
    assert image.mode == mode
    assert is_alike(image, Image.new("RGB", (8, 8), "lime"))


def test_colours_that_are_srgb_already_stay():
    assert is_alike(taken(squares(), "PNG", icc_profile=SRGB), squares(), by=1)


@pytest.mark.parametrize(
    "profile",
    [b"nonsense", SRGB[:200], SRGB[:16] + b"CMYK" + SRGB[20:]],
    ids=["none", "cut", "cmyk"],
)
def test_a_profile_that_cannot_be_meant_is_dropped(profile):
    assert is_alike(taken(squares(), "PNG", icc_profile=profile), squares(), by=1)


def test_a_photo_with_what_the_camera_adds_is_its_first_image(image_of):
    preview = Image.new("RGB", (8, 8), "blue")
    content = encoded(squares(), "MPO", save_all=True, append_images=[preview])
    assert Image.open(io.BytesIO(content)).format == "MPO"
    picture = taken_in(content)
    assert picture.content_type == "image/jpeg"
    assert is_alike(centres(decoded(picture)), centres(squares()))


def test_renditions_are_a_webp_and_a_jpeg_of_each_width(photo_of):
    made = developed(photo_of((2_000, 1_000), "JPEG", grain=50))
    assert [(its.content_type, its.width, its.height) for its in made] == [
        ("image/webp", 1080, 540),
        ("image/jpeg", 1080, 540),
        ("image/webp", 640, 320),
        ("image/jpeg", 640, 320),
        ("image/webp", 320, 160),
        ("image/jpeg", 320, 160),
    ]
    for rendition in made:
        assert decoded(rendition).format == rendition.content_type.removeprefix("image/").upper()


def test_nothing_is_made_wider(image_of):
    made = developed(image_of(size=(100, 40)))
    assert {(its.width, its.height) for its in made} == {(100, 40)}


def test_renditions_look_like_the_original(photo_of):
    content = photo_of((700, 350), "PNG", grain=70)
    original = Image.open(io.BytesIO(content))
    for rendition in developed(content):
        expected = original.resize((rendition.width, rendition.height), Image.Resampling.LANCZOS)
        difference = ImageChops.difference(decoded(rendition).convert("RGB"), expected)
        assert max(ImageStat.Stat(difference).rms) < 4


def test_a_rendition_is_upright_also_of_an_image_that_is_not():
    made = developed(encoded(squares(), "PNG", exif=oriented(6)))
    assert {(its.width, its.height) for its in made} == {(96, 64)}


def test_jpegs_arrive_from_rough_to_fine():
    for rendition in developed(encoded(squares(), "PNG")):
        if rendition.content_type == "image/jpeg":
            assert decoded(rendition).info["progressive"]


def test_what_is_transparent_stays_so_or_becomes_white():
    webp, jpeg = developed(encoded(Image.new("RGBA", (64, 64), (255, 0, 0, 0)), "PNG"))
    assert decoded(webp).getpixel((9, 9))[3] == 0
    assert is_alike(decoded(jpeg), Image.new("RGB", (64, 64), "white"))
