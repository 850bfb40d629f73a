"""Requests as bytes: what a server that knows the standards reads in them."""

from __future__ import annotations

from email.parser import BytesParser
from email.policy import HTTP

import pytest

from loadtest.wire import Caller
from model.world.scenario import Endpoint


def form_of(call):
    """Read a multipart body with the standard library, which did not write it."""
    head = f"Content-Type: {call.headers['Content-Type']}\r\n\r\n".encode()
    parts = BytesParser(policy=HTTP).parsebytes(head + call.body).iter_parts()
    return {part.get_param("name", header="content-disposition"): part for part in parts}


def test_a_registration_carries_every_field_and_the_image_byte_for_byte(people):
    form = form_of(Caller(people, "0badcafe").call(Endpoint.REGISTER, 4, user=0, target=-1))
    texts = {name: part.get_content() for name, part in form.items() if name != "profile_image"}
    assert texts == {
        "first_name": "Load",
        "last_name": "Test",
        "username": "load_0badcafe_4",
        "email": "load_0badcafe_4@example.com",
        "password": "correct horse",
    }
    assert form["profile_image"].get_payload(decode=True) == people.images[1]
    assert form["profile_image"].get_content_type() == "image/jpeg"
    assert form["profile_image"].get_filename() == "image.jpg"


def test_two_runs_and_two_requests_register_different_people(people):
    calls = [
        Caller(people, run).call(Endpoint.REGISTER, request, user=0, target=-1)
        for run in ("0badcafe", "deadbeef")
        for request in (1, 2)
    ]
    assert len({form_of(call)["username"].get_content() for call in calls}) == 4


def test_a_post_carries_an_image_and_a_caption(people):
    form = form_of(Caller(people, "0badcafe").call(Endpoint.POST, 3, user=2, target=-1))
    assert form["image"].get_payload(decode=True) == people.images[0]
    assert form["caption"].get_content() == "Load 0badcafe, request 3"


@pytest.mark.parametrize("endpoint", [Endpoint.FOLLOW, Endpoint.UNFOLLOW])
def test_ids_beyond_53_bits_travel_as_text(people, endpoint):
    call = Caller(people, "0badcafe").call(endpoint, 1, user=0, target=5)
    assert call.body == b'{"target_id": "1000000000000005"}'


@pytest.mark.parametrize("endpoint", Endpoint)
def test_every_endpoint_of_the_design_can_be_asked_for(people, endpoint):
    call = Caller(people, "0badcafe").call(endpoint, 1, user=0, target=5)
    assert call.path.startswith("/")
    assert ("Authorization" in call.headers) is call.path.startswith(("/user/", "/search"))


def test_a_search_begins_a_name_of_somebody_as_far_as_two_to_six_letters(people):
    caller = Caller(people, "0badcafe")
    paths = [caller.call(Endpoint.SEARCH, n, user=0, target=5).path for n in range(300)]
    queries = {path.removeprefix("/search?q=") for path in paths}
    assert queries == {"ad", "ada", "lo", "lov", "love", "lovel", "lovela"}
    assert paths == [caller.call(Endpoint.SEARCH, n, user=1, target=5).path for n in range(300)]


def test_an_image_is_one_of_those_that_are_there_and_whom_it_is_of_says_which(people):
    caller = Caller(people, "0badcafe")
    paths = [caller.call(Endpoint.IMAGE, 1, user=0, target=target).path for target in range(8)]
    assert paths == [*people.media_paths, *people.media_paths]
