"""The services together, on real stores, through the gateway: as people and programs use them."""

import pytest
from persons import PASSWORD, Person, fields_of, is_picture, picture

STATIONS = {"gateway", "session_store", "timeline", "timeline_store", "follow", "user_db"}


@pytest.fixture(scope="module")
def ada(gateways):
    return Person(gateways, "api.ada")


@pytest.fixture(scope="module")
def bob(gateways):
    return Person(gateways, "api.bob")


def test_from_registering_to_reading_what_others_post(gateways, ada, bob):
    answer = ada.ask("POST", "/login", json={"username": ada.username, "password": PASSWORD})
    assert answer.json()["user_id"] == ada.user_id
    assert answer.json()["token"] != ada.token

    assert ada.follow(bob).json() == {"following": True}
    posts = [bob.post(number, f"picture {number}") for number in range(3)]
    assert ada.sees(["picture 2", "picture 1", "picture 0"])
    image = ada.ask("GET", posts[0]["image_url"])
    assert is_picture(image.content, 0)

    first = ada.newsfeed(limit=2)
    assert 'rel="next"' in first.headers["Link"]
    rest = ada.newsfeed(limit=2, cursor=first.json()["next"])
    assert [post["caption"] for post in rest.json()["posts"]] == ["picture 0"]
    entries = first.headers["Server-Timing"].split(", ")
    assert {entry.split(";")[0] for entry in entries} >= STATIONS

    assert ada.unfollow(bob).json() == {"following": False}
    assert ada.captions() == []


def test_an_influencers_post_reaches_everybody_who_follows(gateways):
    star = Person(gateways, "star")
    fans = [Person(gateways, f"fan.{number}") for number in range(4)]
    for fan in fans:
        assert fan.follow(star).status_code == 200
    star.post(4, "to all of you")
    for fan in fans:
        assert fan.sees(["to all of you"])
    assert star.sees(["to all of you"])


FEED, MINE, NOT_MINE = "/user/{ada}/newsfeed", "/user/{ada}/post", "/user/{bob}/post"
JSON = {"Content-Type": "application/json"}


def posted(content):
    return {"files": {"image": ("x.jpg", content)}}


TAKEN = {"data": fields_of("api.ada"), "files": picture(0)}
REFUSALS = {
    "no token": (401, "GET", FEED, {"headers": {"Authorization": ""}}),
    "a wrong token": (401, "GET", FEED, {"headers": {"Authorization": "Bearer x"}}),
    "another's newsfeed": (403, "GET", "/user/{bob}/newsfeed", {}),
    "posting as another": (403, "POST", NOT_MINE, {"files": picture(0, "image")}),
    "a limit of 0": (400, "GET", FEED, {"params": {"limit": 0}}),
    "a limit that is no number": (400, "GET", FEED, {"params": {"limit": "x"}}),
    "a made-up cursor": (400, "GET", FEED, {"params": {"cursor": "x"}}),
    "following nobody": (404, "POST", "/user/{ada}/follow", {"json": {"target_id": "123"}}),
    "following oneself": (400, "POST", "/user/{ada}/follow", {"json": {"target_id": "{ada}"}}),
    "a body that is no JSON": (400, "POST", "/login", {"data": "{", "headers": JSON}),
    "an unknown user": (401, "POST", "/login", {"json": {"username": "no", "password": "x" * 8}}),
    "a form without its fields": (400, "POST", "/register", {"files": picture(0)}),
    "a picture that is none": (415, "POST", MINE, posted(b"<svg>")),
    "a picture that is too large": (413, "POST", MINE, posted(b"\xff" * 9_000_000)),
    "a taken username": (409, "POST", "/register", TAKEN),
    "an internal address": (404, "GET", "/internal/users/{ada}", {}),
    "a wrong method": (405, "DELETE", "/login", {}),
    "an image that is not there": (404, "GET", f"/media/{'0' * 64}-{'0' * 16}.jpg", {}),
}


@pytest.mark.parametrize("what", REFUSALS)
def test_a_refusal_is_a_problem_with_a_status_of_its_own(what, ada, bob):
    status, method, path, options = REFUSALS[what]
    ids = {"ada": ada.user_id, "bob": bob.user_id}
    options = dict(options)
    if "json" in options:
        options["json"] = {k: v.format(**ids) for k, v in options["json"].items()}
    answer = ada.ask(method, path.format(**ids), **options)
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    problem = answer.json()
    assert problem["status"] == status
    assert problem["detail"]
    assert "Traceback" not in answer.text
