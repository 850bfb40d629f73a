"""By the front door: what is no image is refused, nothing of it stays, and nobody ends of it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
import requests
from bad_images import encoded, endless, noise, odd_images, refused_images
from persons import Person, fields_of
from photos import (
    are,
    decoded,
    fetching_from,
    photo_of_a_phone,
    posted,
    ready,
    ready_avatar,
    sent,
    uploads_in,
)

from reference_impl.chassis.forms import FILE_BYTES_MAX

REFUSED = refused_images()
ODD = odd_images()
WAYS_IN = ("a post", "registering")
AT_ONCE = 10


@pytest.fixture(scope="module")
def ada(visitor):
    return visitor()


@pytest.fixture(scope="module")
def fetch(cluster):
    return fetching_from(cluster.door_url)


def pids_of(cluster):
    return {process.name: process.pid for process in cluster.processes()}


def registering(door, username, content):
    files = {"profile_image": ("x.png", content, "image/png")}
    return requests.post(f"{door}/register", data=fields_of(username), files=files, timeout=10)


@dataclass
class Siege:
    """Every image that is to be refused, sent in both ways, and what was there before and after."""

    answers: dict[tuple[str, str], requests.Response]
    username: str
    uploads_before: set[str]
    uploads_after: set[str]
    pids_before: dict[str, int]
    pids_after: dict[str, int]


@pytest.fixture(scope="module")
def siege(cluster, visitor):
    attacker, username = visitor(), "besieger"
    ready_avatar(attacker)
    uploads, pids = uploads_in(cluster), pids_of(cluster)
    answers = {}
    for what, image in REFUSED.items():
        answers[what, "a post"] = sent(attacker, image.content)
        answers[what, "registering"] = registering(cluster.door_url, username, image.content)
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


def test_afterwards_honest_images_are_taken_and_developed(siege, cluster, ada):
    assert ready(ada, posted(ada, photo_of_a_phone()))["width"] == 1200
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


@pytest.mark.parametrize("way_in", WAYS_IN)
def test_an_image_that_would_be_worked_on_for_hours_is_refused_as_what_it_is(cluster, ada, way_in):
    content = endless()
    assert len(content) < FILE_BYTES_MAX
    if way_in == "a post":
        answer = sent(ada, content)
    else:
        answer = registering(cluster.door_url, "who.is.endless", content)
    assert answer.status_code == 422, answer.text
    assert "more than 100 scans" in answer.json()["detail"]
