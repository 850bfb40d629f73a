"""A photo, and how people post it, wait for it, and look at it through an edge."""

import asyncio
import io

import requests
from bad_images import encoded
from persons import eventually
from PIL import Image

from reference_impl.media.pipeline.inventory import inventory_of
from reference_impl.media.store import StoredObjects, opened

DEVELOPED_WITHIN_S = 30.0


def fetching_from(door):
    """Return a function that gets a file there, as somebody who is not signed in."""
    return lambda url, **headers: requests.get(door + url, headers=headers, timeout=10)


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


def urls_of(post, image):
    return [post["image_url"], *(made["url"] for made in image["renditions"])]


def are(fetch, urls):
    """Return with which statuses these are answered."""
    return {fetch(url).status_code for url in urls}


def stored_in(cluster):
    return StoredObjects(opened(cluster.settings.objects))


def inventory(cluster):
    return asyncio.run(inventory_of(stored_in(cluster)))


def uploads_in(cluster):
    async def all_of_them():
        return {found.upload async for found in stored_in(cluster).aged(0.0)}

    return asyncio.run(all_of_them())
