"""Orders of magnitude that others have published or reckoned."""

import pytest

PLATFORM = {  # two billion registered, as of the card's "billions of users"
    "people": {
        "users": "2 B",
        "daily_active": 0.6,
        "followers": {"alpha": 2.2, "mean": 60, "max": "30 M"},
        "image_size": "2.5 MB",
        "post_types": {"image": 1.0, "text": 0, "video": 0},
    },
    "traffic": {
        "requests_per_active_day": 32.32,
        "peak_to_mean": 1.67,
        "mix": {"newsfeed": 32 / 32.32, "post": 0.32 / 32.32},
    },
}


def test_two_billion_users_post_as_often_as_instagrams_did(sized):
    # 2e9 users, 0.6 of them a day, 0.32 posts each: 4.4 k/s, and 7.4 k/s at a peak of 1.67.
    sizing = sized(**PLATFORM)
    assert sizing.figure("post, on average").value == pytest.approx(4_400, rel=0.02)
    assert sizing.figure("post, at the peak").value == pytest.approx(7_400, rel=0.02)
    assert sizing.figure("newsfeed, at the peak").value == pytest.approx(740_000, rel=0.02)


def test_their_originals_are_about_a_petabyte_a_day(sized):
    assert sized(**PLATFORM).figure("originals of images").value == pytest.approx(0.95e15, rel=0.02)


def test_a_post_becomes_twelve_objects_as_in_haystack(sized):
    # Four sizes in three copies: an original and three renditions as large as it.
    people = PLATFORM["people"] | {
        "post_types": {"image": 1, "text": 0, "video": 0, "renditions_size": "7.5 MB"}
    }
    sizing = sized(**(PLATFORM | {"people": people}))
    copies = sizing.figure("objects, all copies").value
    assert copies == pytest.approx(12 * sizing.figure("originals of images").value)


def test_pushing_everything_takes_as_many_of_ramas_nodes_as_rama_needs(sized):
    # 403 followers a post and 3,500 posts/s were 1.41 M deliveries/s; 61 k to 76 k on each node.
    mix = {"post": 1.0}
    traffic = {"requests_per_active_day": None, "rate": "3500/s", "mix": mix}
    people = {
        "users": "100 M",
        "followers": {"mean": 403, "max": "22 M"},
        "posting": {"with_followers": 0},
    }
    sizing = sized(people=people, traffic=traffic)
    copies = sizing.figure("copies of posts into timelines, at the peak")
    assert copies.value == pytest.approx(3_500 * 403, rel=0.01)
    worst = sizing.figure("nodes of Rama for the copies, at worst").value
    best = sizing.figure("nodes of Rama for the copies, at best").value
    assert best < 20 < worst < 24
