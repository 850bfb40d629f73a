"""Following and blocking, and their opposites."""

import pytest

BOBS = "/people/7000000000000002"


@pytest.mark.parametrize("change", ["follow", "unfollow"])
async def test_following_and_not_leads_back_to_the_person(ada, gateway, make, change):
    path = f"/user/{make.ADA}/{change}"
    gateway.says("POST", path, {"following": change == "follow"})
    hidden = await ada.form_of(BOBS, "/do/unfollow")
    answer = await ada.send(f"/do/{change}", hidden)
    assert (answer.status, answer.headers["Location"]) == (303, BOBS)
    assert gateway.asks_of(path)[0].json == {"target_id": make.BOB}


async def test_following_may_lead_back_to_another_page_of_ours(ada, gateway, make):
    gateway.says("POST", f"/user/{make.ADA}/follow", {"following": True})
    hidden = await ada.form_of(BOBS, "/do/unfollow")
    for told, where in (("/find?q=bob", "/find?q=bob"), ("//example.org", BOBS)):
        answer = await ada.send("/do/follow", {**hidden, "next": told})
        assert answer.headers["Location"] == where


async def test_blocking_leads_away_from_the_person(ada, gateway, make):
    gateway.says("POST", f"/user/{make.ADA}/block", {"blocked": True})
    answer = await ada.fill_in(BOBS, "/do/block", {})
    assert answer.headers["Location"] == "/feed?said=blocked"
    assert gateway.asks_of(f"/user/{make.ADA}/block")[0].json == {"target_id": make.BOB}
    assert "You have blocked this person." in await ada.page("/feed?said=blocked")


async def test_who_is_blocked_is_found_in_the_settings_and_unblocked_there(ada, gateway, make):
    blocked = {"users": [make.person(make.BOB, "Bob", "Stone")], "next": None}
    gateway.says("GET", f"/user/{make.ADA}/blocked", blocked)
    gateway.says("POST", f"/user/{make.ADA}/unblock", {"blocked": False})
    answer = await ada.fill_in("/settings", "/do/unblock", {})
    assert answer.headers["Location"] == f"{BOBS}?said=unblocked"


async def test_what_the_api_refuses_is_explained(ada, gateway, make):
    detail = "at most 5000 can be followed by one user"
    gateway.refuses("POST", f"/user/{make.ADA}/follow", 409, detail)
    hidden = await ada.form_of(BOBS, "/do/unfollow")
    answer = await ada.send("/do/follow", hidden)
    assert answer.status == 409
    assert detail in await answer.text()


async def test_a_person_that_has_no_id_is_not_asked_for(ada, gateway):
    answer = await ada.fill_in(BOBS, "/do/block", {"user_id": "1/../2"})
    assert answer.status == 400
    assert all(asked.method == "GET" for asked in gateway.asked)
