"""The pages that are looked at."""

import json

import pytest

SEEN_SIGNED_IN = (
    "/feed",
    "/people/7000000000000002",
    "/people/7000000000000001",
    "/photos/8000000000000001",
    "/photos/8000000000000009",
    "/find",
    "/find?q=bob",
    "/new",
    "/new?kind=text",
    "/settings",
)


@pytest.mark.parametrize("path", SEEN_SIGNED_IN)
async def test_every_page_of_who_is_signed_in_is_well_formed(ada, path):
    assert "<h1" in await ada.page(path)


@pytest.mark.parametrize("path", ["/", "/login", "/register"])
async def test_every_page_of_a_stranger_is_well_formed(stranger, path):
    assert "<h1" in await stranger.page(path)


@pytest.mark.parametrize("path", ["/feed", "/people/7000000000000002", "/find?q=bob"])
async def test_a_fragment_is_a_part_of_its_page_without_the_frame(ada, tags, path):
    page = await ada.page(path)
    part = await ada.page(f"{path}{'&' if '?' in path else '?'}fragment=1")
    assert not {"html", "main", "form"} & {tag for tag, _ in tags(part)}
    assert part.strip().splitlines()[0] in page


async def test_the_api_is_asked_in_the_visitors_name(ada, gateway, make):
    await ada.page("/feed")
    [asked] = gateway.asks_of(f"/user/{make.ADA}/newsfeed")
    assert asked.headers["Authorization"] == f"Bearer {make.TOKEN}"


async def test_the_api_is_told_from_where_the_front_door_was_asked(ada, gateway):
    await ada.get("/feed", X_Client_Address="192.0.2.7")
    assert {asked.headers["X-Client-Address"] for asked in gateway.asked} == {"192.0.2.7"}


async def test_the_authors_of_a_feed_are_asked_for_once(ada, gateway, make):
    posts = [make.text_post(1), make.text_post(2), make.text_post(3, make.ADA)]
    gateway.says("GET", f"/user/{make.ADA}/newsfeed", {"posts": posts, "next": None})
    await ada.page("/feed")
    [asked] = gateway.asks_of("/users")
    assert asked.query == {"ids": f"{make.BOB},{make.ADA}"}


async def test_a_post_whose_author_is_hidden_is_left_out(ada, gateway, make):
    posts = [make.text_post(1, text="seen"), make.text_post(2, make.ADA, text="unseen")]
    gateway.says("GET", f"/user/{make.ADA}/newsfeed", {"posts": posts, "next": None})
    page = await ada.page("/feed")
    assert ">seen<" in page
    assert ">unseen<" not in page


async def test_an_empty_feed_says_what_to_do_and_asks_for_nobody(ada, gateway, make):
    gateway.says("GET", f"/user/{make.ADA}/newsfeed", {"posts": [], "next": None})
    assert "Find people" in await ada.page("/feed")
    assert not gateway.asks_of("/users")


async def test_an_image_is_offered_in_both_formats_with_its_size_and_words(ada, gateway, make):
    post = make.image_post(alt_text="A lake at dawn")
    gateway.says("GET", f"/user/{make.ADA}/newsfeed", {"posts": [post], "next": None})
    page = await ada.page("/feed")
    webp = [its for its in post["image"]["renditions"] if its["type"] == "image/webp"]
    narrowest_first = ", ".join(f"{its['url']} {its['width']}w" for its in reversed(webp))
    assert f'<source type="image/webp" srcset="{narrowest_first}"' in page
    assert 'width="1200" height="800"' in page
    assert 'alt="A lake at dawn"' in page
    assert "Preparing" not in page


async def test_an_image_without_words_is_named_after_its_author(ada):
    assert 'alt="Photo by Bob Stone"' in await ada.page("/photos/8000000000000001")


async def test_a_photo_that_is_being_prepared_is_shown_as_uploaded_and_asked_for_again(
    ada, gateway, make
):
    post = make.image_post(status="pending")
    answer = {"post": post, "author": make.person(make.BOB, "Bob", "Stone")}
    gateway.says("GET", f"/post/{post['post_id']}", answer)
    page = await ada.page(f"/photos/{post['post_id']}")
    assert f'<img src="{post["image_url"]}"' in page
    assert "Preparing your photo…" in page
    assert f'data-pending="/photos/{post["post_id"]}?fragment=1"' in page


async def test_a_photo_that_cannot_be_shown_yet_keeps_its_place(ada, gateway, make):
    post = make.image_post(status="pending", image_url="")
    answer = {"post": post, "author": make.person(make.BOB, "Bob", "Stone")}
    gateway.says("GET", f"/post/{post['post_id']}", answer)
    page = await ada.page(f"/photos/{post['post_id']}")
    assert '<svg class="placeholder" viewBox="0 0 1200 800"' in page
    assert "Preparing your photo…" in page


async def test_a_photo_that_could_not_be_developed_is_shown_as_uploaded(ada, gateway, make):
    post = make.image_post(status="failed")
    answer = {"post": post, "author": make.person(make.BOB, "Bob", "Stone")}
    gateway.says("GET", f"/post/{post['post_id']}", answer)
    page = await ada.page(f"/photos/{post['post_id']}")
    assert f'<img src="{post["image_url"]}"' in page
    assert "Preparing" not in page


async def test_a_post_says_when_it_was_written(ada):
    page = await ada.page("/photos/8000000000000001")
    assert '<time datetime="2026-11-22T09:30:00.123Z"' in page
    assert ">2 h ago</time>" in page


async def test_older_posts_are_a_link_to_the_cursor(ada, gateway, make):
    assert 'href="/feed?cursor=older%2B1"' in await ada.page("/feed")
    await ada.page("/feed?cursor=older%2B1")
    assert gateway.asks_of(f"/user/{make.ADA}/newsfeed")[-1].query["cursor"] == "older+1"


async def test_the_last_page_has_no_link_to_older_posts(ada):
    assert "Older posts" not in await ada.page("/people/7000000000000002")


async def test_a_script_can_ask_which_post_is_newest(ada, gateway, make):
    answer = await ada.get("/feed?fragment=newest")
    assert json.loads(await answer.text()) == {"newest": "8000000000000002"}
    assert gateway.asks_of(f"/user/{make.ADA}/newsfeed")[-1].query["limit"] == "1"


async def test_whom_one_follows_can_be_unfollowed(ada):
    page = await ada.page("/people/7000000000000002")
    assert 'action="/do/unfollow"' in page
    assert 'action="/do/follow"' not in page
    assert "1,234 followers" in page


async def test_whom_one_does_not_follow_can_be_followed(ada, gateway, make):
    eve = make.person("7000000000000003", "Eve", "Hill", follower_count=0, followed=False)
    gateway.says("GET", "/user/7000000000000003/profile", eve)
    gateway.says("GET", "/user/7000000000000003/posts", {"posts": [], "next": None})
    assert 'action="/do/follow"' in await ada.page("/people/7000000000000003")


async def test_nobody_follows_or_blocks_themselves(ada):
    page = await ada.page("/people/7000000000000001")
    assert "Edit profile" in page
    assert "/do/follow" not in page
    assert "/do/block" not in page


async def test_only_ones_own_post_can_be_deleted(ada):
    assert "/do/delete-post" in await ada.page("/photos/8000000000000009")
    assert "/do/delete-post" not in await ada.page("/photos/8000000000000001")


async def test_a_search_asks_the_api_what_was_typed(ada, gateway):
    page = await ada.page("/find?q=%20bob%20%26%20co")
    assert gateway.asks_of("/search")[0].query["q"] == "bob & co"
    assert 'value="bob &amp; co"' in page
    assert "@bob.2" in page


async def test_a_search_for_nothing_asks_nobody(ada, gateway):
    await ada.page("/find?q=%20")
    assert not gateway.asks_of("/search")


async def test_a_search_that_finds_nobody_says_so(ada, gateway):
    gateway.says("GET", "/search", {"users": [], "next": None, "complete": True})
    assert "Nobody found for “zed”" in await ada.page("/find?q=zed")


@pytest.mark.parametrize("query", ["%21%21", "a+b+c+d+e+f+g+h+i+j+k"])
async def test_words_that_cannot_be_searched_by_find_nobody(ada, gateway, query):
    gateway.refuses("GET", "/search", 400, "q must contain a letter or a digit")
    page = await ada.page(f"/find?q={query}")
    assert "Nobody found for" in page
    assert 'name="q"' in page


async def test_a_search_does_not_go_on_from_what_is_no_cursor(ada, gateway):
    gateway.refuses("GET", "/search", 400, "cursor is none of ours")
    await ada.page("/find?q=bob&cursor=x", status=400)


async def test_a_search_that_could_not_look_everywhere_says_so(ada, gateway):
    gateway.says("GET", "/search", {"users": [], "next": None, "complete": False})
    assert "may be missing" in await ada.page("/find?q=zed")


async def test_who_is_signed_in_begins_with_the_feed(ada):
    answer = await ada.get("/")
    assert (answer.status, answer.headers["Location"]) == (303, "/feed")


async def test_a_stranger_is_offered_to_join_or_sign_in(stranger, gateway):
    page = await stranger.page("/")
    assert 'href="/register"' in page
    assert 'href="/login"' in page
    assert not gateway.asked


async def test_a_once_refused_forms_address_leads_back_to_the_beginning(ada):
    answer = await ada.get("/do/post")
    assert (answer.status, answer.headers["Location"]) == (303, "/")
