"""Images by the front door: taken in, developed, cached at an edge, and gone.

What becomes of a picture is looked at as a browser gets it: through an edge.
"""

import pytest
import requests
from persons import eventually, fields_of
from photos import (
    DEVELOPED_WITHIN_S,
    are,
    decoded,
    fetching_from,
    image_now,
    inventory,
    photo_of_a_phone,
    posted,
    ready,
    ready_avatar,
    uploads_in,
    urls_of,
)

GONE_WITHIN_S = 15.0
BACK_WITHIN_S = 30.0
FORMAT_OF = {"image/jpeg": "JPEG", "image/webp": "WEBP"}
METADATA = (b"Exif", b"secret", b"GPS", b"http://ns.adobe.com")


@pytest.fixture(scope="module")
def photo():
    return photo_of_a_phone()


@pytest.fixture(scope="module")
def fetch(cluster):
    return fetching_from(cluster.door_url)


def is_upright(image):
    """Say whether it is red above and blue below, as what was photographed."""
    wide, high = image.size
    above = image.convert("RGB").getpixel((wide // 2, high // 8))
    below = image.convert("RGB").getpixel((wide // 2, high * 7 // 8))
    return above[0] - above[2] > 150 and below[2] - below[0] > 150


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


def test_a_part_of_a_picture_or_only_its_length_can_be_asked_for(ada, photo, cluster, fetch):
    url = posted(ada, photo)["image_url"]
    whole = fetch(url).content
    part = fetch(url, Range="bytes=10-19")
    assert (part.status_code, part.content) == (206, whole[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(whole)}"
    assert fetch(url, Range=f"bytes={len(whole)}-").status_code == 416
    head = requests.head(cluster.door_url + url, timeout=10)
    assert (head.status_code, head.headers["Content-Length"]) == (200, str(len(whole)))


def test_who_develops_is_killed_and_every_picture_becomes_ready_all_the_same(ada, photo, kill):
    posts = [posted(ada, photo) for _ in range(4)]
    kill("pipeline-1")
    posts += [posted(ada, photo) for _ in range(2)]
    for post in posts:
        assert len(ready(ada, post)["renditions"]) == 6


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


def test_a_post_that_is_deleted_at_once_leaves_nothing_behind(cluster, ada, photo, fetch):
    before = uploads_in(cluster)
    posts = [posted(ada, photo) for _ in range(3)]
    urls = [post["image_url"] for post in posts]
    assert are(fetch, urls) == {200}
    for post in posts:
        assert ada.delete(post).status_code == 204
    eventually(lambda: are(fetch, urls), {404}, GONE_WITHIN_S)
    eventually(lambda: uploads_in(cluster) - before, set(), DEVELOPED_WITHIN_S)


def test_an_edge_that_was_away_when_a_post_went_does_not_show_it_again(ada, photo, fetch, kill):
    post = posted(ada, photo)
    urls = urls_of(post, ready(ada, post))
    assert are(fetch, urls) == {200}
    kill("cdn-1")
    assert ada.delete(post).status_code == 204
    eventually(lambda: are(fetch, urls), {404}, BACK_WITHIN_S)


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
