"""What a shared cache may keep, for how long, and what makes two requests the same."""

import pytest

from model.rules.caching import (
    BRIEF_S,
    SECONDS_MAX,
    STALE_ON_ERROR_S,
    STALE_ON_ERROR_S_MAX,
    CacheControl,
    age_on_arrival_s,
    age_s,
    cache_control,
    is_selected,
    lifetime_s,
    may_store,
    normal_accept,
    stale_on_error_s,
    varying,
)


@pytest.mark.parametrize(
    ("header", "status", "fresh_s"),
    [
        ("max-age=60", 200, 60),
        ("MAX-AGE=60", 200, 60),
        ('max-age="60"', 200, 60),
        ("public, max-age=31536000, immutable", 200, 31_536_000),
        ("max-age=60, s-maxage=10", 200, 10),
        ("s-maxage=100, max-age=60", 200, 100),
        ("max-age=60, max-age=70", 200, 60),
        ("max-age=60, no-cache", 200, 0),
        ("max-age=60, no-cache=set-cookie", 200, 0),
        ("max-age=-1", 200, 0),
        ("max-age=1.5", 200, 0),
        ("max-age=soon", 200, 0),
        ("max-age", 200, 0),
        ("max-age=٦", 200, 0),
        ("max-age=" + "9" * 20, 200, SECONDS_MAX),
        ("max-age=" + "9" * 5_000, 200, 0),
        ('extension="a, max-age=5"', 200, 0),
        ('extension="\\", max-age=5", max-age=7', 200, 7),
        ("", 200, 0),
        (",,=,", 200, 0),
        ("", 404, BRIEF_S),
        ("", 308, BRIEF_S),
        ("max-age=60", 404, BRIEF_S),
        ("max-age=1", 404, 1),
        ("max-age=0", 404, 0),
        ("no-cache", 404, 0),
    ],
)
def test_an_answer_is_fresh_for_as_long_as_the_origin_says(header, status, fresh_s):
    assert lifetime_s(status, cache_control(header)) == fresh_s


@pytest.mark.parametrize(
    ("header", "stands_in_s"),
    [
        ("max-age=60", STALE_ON_ERROR_S),
        ("max-age=60, immutable", STALE_ON_ERROR_S),
        ("max-age=60, stale-if-error=20", 20),
        ("max-age=60, stale-if-error=0", 0),
        ("max-age=60, stale-if-error=99999999", STALE_ON_ERROR_S_MAX),
        ("max-age=60, must-revalidate", 0),
        ("max-age=60, proxy-revalidate, stale-if-error=20", 0),
        ("s-maxage=60", 0),
        ("no-cache", 0),
    ],
)
def test_a_stale_answer_stands_in_for_its_origin_for_a_bounded_time(header, stands_in_s):
    assert stale_on_error_s(cache_control(header)) == stands_in_s


@pytest.mark.parametrize(
    ("status", "headers", "is_stored"),
    [
        (200, {"cache-control": "max-age=60"}, True),
        (200, {"etag": '"a"'}, True),
        (200, {"etag": '"a"', "cache-control": "no-cache"}, True),
        (200, {}, False),
        (200, {"cache-control": "max-age=0"}, False),
        (200, {"cache-control": "no-cache"}, False),
        (200, {"cache-control": "max-age=60, no-store", "etag": '"a"'}, False),
        (200, {"cache-control": "private, max-age=60"}, False),
        (200, {"cache-control": 'private="x-user", max-age=60'}, False),
        (200, {"cache-control": "max-age=60", "vary": "Accept"}, True),
        (200, {"cache-control": "max-age=60", "vary": "Accept, *"}, False),
        (404, {}, True),
        (308, {}, True),
        (404, {"cache-control": "no-store"}, False),
        (404, {"cache-control": "max-age=0", "etag": '"a"'}, False),
        (206, {"cache-control": "max-age=60"}, False),
        (301, {"cache-control": "max-age=60"}, False),
        (403, {"cache-control": "max-age=60"}, False),
        (500, {"cache-control": "max-age=60"}, False),
    ],
)
def test_what_may_be_kept_is_what_the_origin_allows_and_what_is_of_use(status, headers, is_stored):
    assert may_store(status, headers) is is_stored


def test_what_a_header_does_not_say_is_not_made_up():
    assert cache_control("public") == CacheControl()


@pytest.mark.parametrize(
    ("said", "took_s", "kept_s", "expected_s"),
    [("", 0.5, 10.0, 10.5), ("30", 0.5, 10.0, 40.5), ("soon", 0.0, 1.0, 1.0), ("5", 0.0, -9.0, 5)],
)
def test_an_answer_ages_on_its_way_and_never_grows_younger(said, took_s, kept_s, expected_s):
    on_arrival_s = age_on_arrival_s(said, took_s=took_s)
    age = age_s(age_on_arrival_s=on_arrival_s, received_s=100.0, now_s=100.0 + kept_s)
    assert age == expected_s


@pytest.mark.parametrize(
    ("accept", "told"),
    [
        ("", "*/*"),
        ("*/*", "*/*"),
        ("image/avif,image/webp,image/apng,*/*;q=0.8", "image/avif, image/webp, */*"),
        ("IMAGE/WEBP", "image/webp, */*"),
        ("image/webp;q=0", "*/*"),
        ("image/webp; q=0.000", "*/*"),
        ("image/webp;q=0.001", "image/webp, */*"),
        ("image/webp;level=1;q=0", "*/*"),
        ("image/*", "*/*"),
        ("image/webpx, ximage/webp", "*/*"),
        (";;,,", "*/*"),
    ],
)
def test_origins_are_told_one_of_four_accepts(accept, told):
    assert normal_accept(accept) == told


def test_an_answer_is_to_those_requests_that_say_the_same_of_what_it_varies_by():
    assert varying("") == ()
    assert varying(" Accept ,ACCEPT,, Accept-Language") == ("accept", "accept-language")
    assert varying("accept, *") is None
    assert is_selected({}, {"accept": "*/*"})
    assert is_selected({"accept": "*/*", "cookie": ""}, {"accept": "*/*"})
    assert not is_selected({"cookie": "a"}, {"accept": "*/*"})
