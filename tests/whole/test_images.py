"""Images by the front door: taken in, developed, cached at an edge, and gone; and what is refused.

What becomes of a picture is looked at as a browser gets it: through an edge.
"""

import asyncio
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
import requests
from odd_images import encoded, noise, odd_images, refused_images
from persons import Person, eventually, fields_of, picture
from PIL import Image

from reference_impl.chassis.forms import FILE_BYTES_MAX
from reference_impl.media.pipeline.inventory import inventory_of
from reference_impl.media.store import StoredObjects, opened

DEVELOPED_WITHIN_S = 30.0
GONE_WITHIN_S = 15.0
FORMAT_OF = {"image/jpeg": "JPEG", "image/webp": "WEBP"}
METADATA = (b"Exif", b"secret", b"GPS", b"http://ns.adobe.com")
AT_ONCE = 10


def photo_of_a_phone():
    """A photo held sideways, red on the left of its rows and blue on the right, that tells where.

    Shown upright, 1200 x 800, it is red above and blue below (EXIF 2.32, 4.6.4).
    """
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "a secret description"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)  # GPS latitude
    rows = Image.new("RGB", (800, 1200), "blue")
    rows.paste("red", (0, 0, 400, 1200))
    return encoded(rows, "JPEG", exif=exif, quality=95)


@pytest.fixture(scope="module")
def photo():
    return photo_of_a_phone()


@pytest.fixture(scope="module")
def fetch(cluster):
    """Return a function that gets a file by the front door, as somebody who is not signed in."""
    return lambda url, **headers: requests.get(cluster.door_url + url, headers=headers, timeout=10)


def sent(person, content, **options):
    files = {"image": ("x.jpg", content, "image/jpeg")}
    return person.ask("POST", person.my("post"), files=files, **options)


def posted(person, content):
    answer = sent(person, content)
    assert answer.status_code == 201, answer.text
    return answer.json()["post"]


def image_now(person, post):
    return person.get(f"/post/{post['post_id']}").json()["post"]["image"]


def ready(person, post):
    """Wait until the image of a post is developed, and return it."""
    eventually(lambda: image_now(person, post)["status"], "ready", DEVELOPED_WITHIN_S)
    return image_now(person, post)


def avatar_now(person):
    return person.get(person.my("profile")).json()


def ready_avatar(person):
    """Wait until the image of a profile is developed, and return the profile."""
    eventually(
        lambda: bool(avatar_now(person).get("profile_image_renditions")),
        expected=True,
        within_s=DEVELOPED_WITHIN_S,
    )
    return avatar_now(person)


def decoded(answer):
    assert answer.status_code == 200, answer.text
    image = Image.open(io.BytesIO(answer.content))
    image.load()
    return image


def is_upright(image):
    """Say whether it is red above and blue below, as what was photographed."""
    wide, high = image.size
    red, _, blue = image.convert("RGB").getpixel((wide // 2, high // 8))
    low_red, _, low_blue = image.convert("RGB").getpixel((wide // 2, high * 7 // 8))
    return red > 200 > 60 > blue and low_blue > 200 > 60 > low_red


def is_whole(fetch, made):
    """Say that a rendition is what it is said to be, and cached for good at an edge and beyond."""
    first = fetch(made["url"])
    image = decoded(first)
    assert image.size == (made["width"], made["height"])
    assert image.format == FORMAT_OF[made["type"]]
    assert first.headers["Content-Type"] == made["type"]
    assert "immutable" in first.headers["Cache-Control"]
    assert "hit" not in first.headers["Cache-Status"].split("; ")

    again = fetch(made["url"])
    assert again.content == first.content
    assert "hit" in again.headers["Cache-Status"].split("; ")
    etag = first.headers["ETag"]
    assert etag.strip('"') in made["url"]
    known = fetch(made["url"], **{"If-None-Match": etag})
    assert (known.status_code, known.content) == (304, b"")
    return True


def urls_of(post, image):
    return [post["image_url"], *(made["url"] for made in image["renditions"])]


def are(fetch, urls):
    """Return with which statuses these are answered."""
    return {fetch(url).status_code for url in urls}


@pytest.fixture(scope="module")
def ada(visitor):
    return visitor()


@pytest.fixture(scope="module")
def bob(visitor):
    return visitor()


def test_a_photo_is_pending_at_first_and_its_original_served_upright_without_metadata(
    ada, photo, fetch
):
    post = posted(ada, photo)
    assert post["image"] == {"status": "pending", "width": 1200, "height": 800, "renditions": []}
    original = fetch(post["image_url"])
    image = decoded(original)
    assert (image.size, image.format) == ((1200, 800), "JPEG")
    assert is_upright(image)
    assert not image.getexif()
    assert not [word for word in METADATA if word in original.content]
    assert [word for word in METADATA if word in photo], "there was to be something to drop"


def test_it_becomes_ready_in_every_width_as_webp_and_as_jpeg(ada, photo, fetch):
    image = ready(ada, posted(ada, photo))
    assert [(made["width"], made["height"], made["type"]) for made in image["renditions"]] == [
        (width, height, content_type)
        for width, height in ((1080, 720), (640, 427), (320, 213))
        for content_type in ("image/webp", "image/jpeg")
    ]
    for made in image["renditions"]:
        assert is_whole(fetch, made)
        assert is_upright(decoded(fetch(made["url"])))


def test_a_profile_image_gets_renditions_too_and_goes_when_there_is_another(visitor, photo, fetch):
    person = visitor()
    former = ready_avatar(person)
    urls = [former["profile_image"], *(m["url"] for m in former["profile_image_renditions"])]
    assert are(fetch, urls) == {200}

    files = {"profile_image": ("x.jpg", photo, "image/jpeg")}
    assert person.ask("PATCH", person.my("account"), files=files).status_code == 200
    profile = ready_avatar(person)
    assert profile["profile_image"] != former["profile_image"]
    assert [made["width"] for made in profile["profile_image_renditions"][::2]] == [1080, 640, 320]
    for made in profile["profile_image_renditions"]:
        assert is_whole(fetch, made)
    eventually(lambda: are(fetch, urls), {404}, GONE_WITHIN_S)


def test_with_a_post_all_of_its_files_go_from_the_edges_and_nobody_else_s(ada, bob, photo, fetch):
    his, hers = posted(bob, photo), posted(ada, photo)
    his_urls, her_urls = urls_of(his, ready(bob, his)), urls_of(hers, ready(ada, hers))
    assert not set(his_urls) & set(her_urls)
    assert are(fetch, [*his_urls, *her_urls]) == {200}
    assert all("hit" in fetch(url).headers["Cache-Status"] for url in her_urls)

    assert ada.delete(hers).status_code == 204
    eventually(lambda: are(fetch, her_urls), {404}, GONE_WITHIN_S)
    assert are(fetch, his_urls) == {200}
    assert image_now(bob, his)["status"] == "ready"


def test_who_leaves_takes_all_pictures_along(visitor, photo, fetch):
    person = visitor()
    post = posted(person, photo)
    profile = ready_avatar(person)
    urls = [
        *urls_of(post, ready(person, post)),
        profile["profile_image"],
        *(made["url"] for made in profile["profile_image_renditions"]),
    ]
    assert are(fetch, urls) == {200}
    body = {"password": fields_of(person.username)["password"]}
    assert person.ask("POST", person.my("delete"), json=body).status_code == 204
    eventually(lambda: are(fetch, urls), {404}, GONE_WITHIN_S)


def stored_in(cluster):
    return StoredObjects(opened(cluster.settings.objects))


def inventory(cluster):
    return asyncio.run(inventory_of(stored_in(cluster)))


def test_the_inventory_counts_it(cluster, ada, photo, fetch):
    ready_avatar(ada)
    ready(ada, posted(ada, photo))  # what was sent before it is developed by now
    before = inventory(cluster)
    post = posted(ada, photo)
    ready(ada, post)
    after = inventory(cluster)
    assert after.uploads["ready"].number == before.uploads["ready"].number + 1
    for content_type in FORMAT_OF:
        made = after.renditions[content_type].number - before.renditions[content_type].number
        assert made == 3
    original = fetch(post["image_url"])
    assert after.originals.bytes - before.originals.bytes == len(original.content)


def uploads_in(cluster):
    async def all_of_them():
        return {found.upload async for found in stored_in(cluster).aged(0.0)}

    return asyncio.run(all_of_them())


def pids_of(cluster):
    return {process.name: process.pid for process in cluster.processes()}


REFUSED = refused_images()
ODD = odd_images()
WAYS_IN = ("a post", "registering")


@dataclass
class Siege:
    """Every image that is to be refused, sent in both ways, and what was there before and after."""

    answers: dict
    username: str
    uploads_before: set
    uploads_after: set
    pids_before: dict
    pids_after: dict


@pytest.fixture(scope="module")
def siege(cluster, visitor):
    attacker, username = visitor(), "besieger"
    ready_avatar(attacker)
    uploads, pids = uploads_in(cluster), pids_of(cluster)
    answers = {}
    for what, image in REFUSED.items():
        answers[what, "a post"] = sent(attacker, image.content)
        files = {"profile_image": ("x.png", image.content, "image/png")}
        answers[what, "registering"] = attacker.ask(
            "POST", "/register", data=fields_of(username), files=files
        )
    return Siege(answers, username, uploads, uploads_in(cluster), pids, pids_of(cluster))


@pytest.mark.parametrize("way_in", WAYS_IN)
@pytest.mark.parametrize("what", REFUSED)
def test_an_image_that_is_none_is_refused_with_what_is_wrong(siege, what, way_in):
    answer, image = siege.answers[what, way_in], REFUSED[what]
    assert answer.status_code == image.status, answer.text
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    problem = answer.json()
    assert problem["status"] == image.status
    assert image.words in problem["detail"]


def test_of_what_is_refused_nothing_is_stored(siege):
    assert siege.uploads_after - siege.uploads_before == set()


def test_nobody_ends_of_what_is_refused(siege):
    assert siege.pids_after == siege.pids_before


def test_afterwards_honest_images_are_taken_and_developed(siege, cluster, ada, photo):
    assert ready(ada, posted(ada, photo))["width"] == 1200
    besieger = Person([cluster.door_url], siege.username)  # whose name is free after all
    assert ready_avatar(besieger)["username"] == siege.username


@pytest.mark.parametrize("what", ODD)
def test_an_odd_image_is_taken_and_only_the_image_is_kept(ada, fetch, what):
    post = posted(ada, ODD[what])
    original = fetch(post["image_url"])
    image = decoded(original)
    assert image.size == (post["image"]["width"], post["image"]["height"])
    assert image.mode in {"L", "RGB", "RGBA"}
    assert b"script" not in original.content
    assert b"PK\3\4" not in original.content


@pytest.mark.parametrize(
    "name", ["x.png", "x.exe", "../../etc/passwd", "x" * 200 + ".jpg", "é.gif"]
)
def test_what_a_file_is_called_makes_no_difference(ada, fetch, name):
    files = {"image": (name, encoded(noise((9, 9)), "JPEG"), "text/html")}
    answer = ada.ask("POST", ada.my("post"), files=files)
    assert answer.status_code == 201, answer.text
    stored = fetch(answer.json()["post"]["image_url"])
    assert stored.headers["Content-Type"] == "image/jpeg"
    assert stored.headers["X-Content-Type-Options"] == "nosniff"


def test_ten_images_of_full_length_at_once_are_all_taken(cluster, ada, fetch):
    content = encoded(noise((400, 400)), "JPEG", quality=95).ljust(FILE_BYTES_MAX, b"\0")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda _: sent(ada, content), range(AT_ONCE)))
    assert {answer.status_code for answer in answers} == {201}, [a.text for a in answers]
    urls = {answer.json()["post"]["image_url"] for answer in answers}
    assert len(urls) == AT_ONCE
    assert are(fetch, urls) == {200}


def test_a_picture_of_the_samples_is_taken_too(ada):
    files = picture(3, "image")
    assert ada.ask("POST", ada.my("post"), files=files).status_code == 201
