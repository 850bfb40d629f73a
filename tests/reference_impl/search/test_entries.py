"""What is known of a user, from whichever events, in whichever order."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_impl.search import entries
from reference_impl.search.entries import GONE, AllAnnounced, Announced, Entry, merged
from reference_impl.user.profiles import PUBLIC, announcement_of

DOCUMENT = {
    "user_id": "7",
    "username": "ada_l",
    "first_name": "Ada",
    "last_name": "Lovelace",
    "email": "ada@example.org",
    "age": 36,
    "phone": "123",
    "location": "Malmö",
    "fields": {"pet": "Puff the cat"},
    "profile_image": "/media/x.jpg",
    "created_ms": 5,
}


def news_of(event):
    return entries.news_of(event)


def test_a_user_is_found_by_what_everyone_may_see(say):
    entry = news_of(say.event("user.registered", **announcement_of(DOCUMENT, version=1)))
    assert entry.words == ("ada", "lovelace", "l", "malmo", "puff", "the", "cat")


def test_a_user_is_shown_as_everyone_may_see_them(say):
    told = {**announcement_of(DOCUMENT, version=1), "dropped_image": "/media/y.jpg"}
    public = {"user_id", "username", "first_name", "last_name", "location", "fields"}
    shown = news_of(say.event("user.updated", **told)).user
    assert shown.keys() == public | {"profile_image", "follower_count"}


def test_what_search_shows_is_what_the_user_service_calls_public():
    assert entries.PUBLIC == PUBLIC


def test_renditions_of_the_picture_are_shown_where_there_are_some(say):
    renditions = [{"url": "/media/z.webp", "width": 320}]
    entry = news_of(say.told(1, "Ada", version=2, profile_image_renditions=renditions))
    assert entry.user["profile_image_renditions"] == renditions


def test_who_is_not_known_yet_is_found_by_nothing(say):
    entry = news_of(say.followed(1, followers=8, version=3))
    assert entry.words == ()
    assert entry.user == {"follower_count": 8}


def test_events_of_rebuilds_name_theirs(say):
    announced = news_of(say.announced("r", 1, "Ada", version=4, followers=9, followers_version=2))
    assert announced.rebuild == "r"
    assert (announced.entry.version, announced.entry.followers_version) == (4, 2)
    assert "rebuild" not in announced.entry.profile
    assert isinstance(announced, Announced)
    ended = news_of(say.all_announced("r", source=2, sources=3))
    assert ended == AllAnnounced(rebuild="r", source=2, sources=3, at_s=say.now_s)


def test_other_events_are_none_of_ours(say):
    assert news_of(say.event("user.sang", user_id="1")) is None


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("user.registered", {}),
        ("user.registered", {"user_id": "x", "version": 1}),
        ("user.updated", {"user_id": "1", "version": None}),
        ("user.updated", {"user_id": "1", "version": 1, "fields": "text"}),
        ("user.updated", {"user_id": "1", "version": 1, "fields": 5}),
        ("user.deleted", {"user_id": None}),
        ("user.followers", {"user_id": "1", "version": 1}),
        ("user.announced", {"user_id": "1", "version": 1}),
        ("users.announced", {"rebuild": "r"}),
    ],
)
def test_a_body_that_no_service_sends_is_refused(say, kind, body):
    with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
        news_of(say.event(kind, **body))


ENTRIES = st.builds(
    lambda version, followers_version, at_s: Entry(
        user_id=1,
        version=version,
        profile={"first_name": f"v{version}"} if 0 < version < GONE else None,
        followers=followers_version * 2,
        followers_version=followers_version,
        at_s=at_s,
    ),
    version=st.sampled_from([0, 1, 2, 3, GONE]),
    followers_version=st.integers(0, 3),
    at_s=st.floats(0, 9),
)


@given(st.lists(ENTRIES, min_size=1, max_size=4))
def test_any_order_and_any_repetition_comes_to_the_same(known):
    everything = [_all_of((*order, *order)) for order in itertools.permutations(known)]
    assert all(each == everything[0] for each in everything)


def _all_of(told):
    known = told[0]
    for entry in told[1:]:
        known = merged(known, entry)
    return known


@given(ENTRIES, ENTRIES)
def test_of_each_part_the_newer_wins(one, other):
    both = merged(one, other)
    assert both.version == max(one.version, other.version)
    assert both.followers_version == max(one.followers_version, other.followers_version)
    assert both.profile in (one.profile, other.profile)


@given(ENTRIES)
def test_who_is_gone_does_not_come_back(entry):
    left = Entry(user_id=1, version=GONE, at_s=1.0)
    assert merged(entry, left).profile is None


def test_an_entry_is_read_as_it_was_written(say):
    entry = news_of(say.told(1, "Ada", fields={"a": "b"}))
    assert Entry.from_json(entry.to_json()) == entry
