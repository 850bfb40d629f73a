"""Times, paths, pictures, open fields and forms, as they are written."""

from datetime import UTC, datetime, timedelta

import pytest

from reference_impl.web.ages import age_of, full_time_of, instant_of
from reference_impl.web.local_paths import local_path
from reference_impl.web.multipart import Outgoing, written
from reference_impl.web.open_fields import OpenFieldsError, lines_of, open_fields_in
from reference_impl.web.pictures import avatar_of, picture_of_post

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(seconds=-5), "just now"),  # clocks differ
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 min ago"),
        (timedelta(minutes=59), "59 min ago"),
        (timedelta(hours=23, minutes=59), "23 h ago"),
        (timedelta(hours=24), "1 d ago"),
        (timedelta(days=6, hours=23), "6 d ago"),
        (timedelta(days=7), "15 November 2026"),
    ],
)
def test_an_age_is_said_as_people_do(age, words):
    assert age_of(NOW - age, NOW) == words


def test_an_instant_is_read_and_written_in_full():
    assert full_time_of(instant_of("2026-01-02T03:04:05.678Z")) == "2 January 2026, 03:04 UTC"


@pytest.mark.parametrize("path", ["/", "/feed?cursor=a%2Fb&c=d", "/people/7#posts"])
def test_a_path_of_ours_is_taken(path):
    assert local_path(path) == path


@pytest.mark.parametrize(
    "path", ["", "feed", "//h", "/\\h", "/a\\b", "/ b", "/é", "/a\r\nb: c", "/do/x", "/a/../do/x"]
)
def test_a_path_that_may_lead_elsewhere_is_not(path):
    assert local_path(path, otherwise="/find") == "/find"


def test_a_picture_of_which_nothing_is_said_is_shown_as_uploaded():
    picture = picture_of_post({"image_url": "/media/a"})
    assert (picture.url, picture.webp, picture.jpeg, picture.shape) == ("/media/a", "", "", (4, 3))


def test_a_browser_without_source_sets_gets_the_widest_jpeg(make):
    post = make.image_post()
    widest = next(its for its in post["image"]["renditions"] if its["type"] == "image/jpeg")
    assert widest["width"] == 1080
    assert picture_of_post(post).url == widest["url"]


def test_an_avatar_takes_its_renditions_once_they_are_there(make):
    renditions = make.image_post()["image"]["renditions"]
    avatar = avatar_of(make.person(profile_image_renditions=renditions))
    narrowest = [its for its in renditions if its["type"] == "image/jpeg"][-1]
    assert (narrowest["width"], avatar.url) == (320, narrowest["url"])
    assert avatar_of(make.person()).url == make.person()["profile_image"]


def test_open_fields_come_back_as_they_were_written():
    fields = {"pronouns": "she/her", "site": "https://example.org"}
    assert open_fields_in(lines_of(fields)) == fields


@pytest.mark.parametrize("text", ["no colon", "a: b\na: c", "A: b\na: c"])
def test_lines_that_are_no_fields_are_refused(text):
    with pytest.raises(OpenFieldsError, match="must"):
        open_fields_in(text)


def test_a_form_does_not_contain_what_separates_it():
    form = Outgoing(texts={"text": "--x\r\n--"}, files={"image": b"\0\r\n--\xff"})
    content_type, body = written(form)
    boundary = content_type.partition("boundary=")[2]
    assert len(boundary) <= 70
    assert body.count(boundary.encode()) == 3
    assert written(form) == (content_type, body)
