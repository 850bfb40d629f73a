"""Finding people, by the front door: soon after they come, change, and go; whatever is asked."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from persons import Person, eventually, fields_of

from reference_impl.cluster.reindexing import reindex

LIMIT = 2
PAGES_MAX = 20
BACK_WITHIN_S = 30.0


def find(person, words, **query):
    """Return the page of who is found."""
    answer = person.get("/search", q=words, **query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def found(person, words):
    """Return the ids of who is found, in order."""
    return [user["user_id"] for user in find(person, words)["users"]]


def ids_of(*people):
    return [person.user_id for person in people]


@pytest.fixture(scope="module")
def reader(cluster, visitor):
    """Somebody who looks for others, where the index knows everybody."""
    reindex(cluster.settings, print)
    return visitor()


WAYS = {
    "the beginning of a name": "quillam",
    "the misspelt beginning of a name": "quilamb",
    "a misspelt name": "quilambroze",
    "both names": "quillambrose tverdinov",
    "the username": "visitor.quill",
    "the place": "REYKJAVIK",
    "a field of their own": "falconry",
}


@pytest.fixture(scope="module")
def falconer(cluster):
    said = {
        "first_name": "Quillambrose",
        "last_name": "Tverdinov",
        "location": "Reykjavík",
        "fields": json.dumps({"hobby": "falconry and chess"}),
    }
    return Person([cluster.door_url], "visitor.quill", **said)


@pytest.mark.parametrize("way", WAYS)
def test_who_has_just_come_is_found_by(reader, falconer, way):
    eventually(lambda: falconer.user_id in found(reader, WAYS[way]), expected=True)


def test_what_is_found_is_what_everyone_may_see(reader, falconer):
    eventually(lambda: found(reader, "tverdinov"), ids_of(falconer))
    [user] = find(reader, "tverdinov")["users"]
    assert (user["first_name"], user["location"]) == ("Quillambrose", "Reykjavík")
    assert user["follower_count"] == 0
    assert not {"email", "phone", "age", "password"} & user.keys()


def test_by_what_only_they_may_see_nobody_is_found(reader, visitor):
    person = visitor(
        email="wolfgang.unsaid@example.org", phone="+44 7009 112233", location="Oslofjord"
    )
    eventually(lambda: found(reader, "oslofjord"), ids_of(person))
    assert found(reader, "unsaid") == []
    assert found(reader, "7009") == []


def test_who_has_another_name_is_found_by_the_new_one_only(reader, visitor):
    person = visitor(first_name="Brunhildegard")
    eventually(lambda: found(reader, "brunhildegard"), ids_of(person))
    form = {"first_name": (None, "Xanthippe")}
    assert person.ask("PATCH", person.my("account"), files=form).status_code == 200
    eventually(lambda: found(reader, "xanthippe"), ids_of(person))
    assert found(reader, "brunhildegard") == []


def test_among_equals_whom_more_follow_comes_first(reader, visitor):
    elder, younger = visitor(first_name="Ottilieska"), visitor(first_name="Ottilieska")
    eventually(lambda: found(reader, "ottilieska"), ids_of(elder, younger))
    fans = [visitor(), visitor(), reader]
    for fan in fans:
        assert fan.follow(younger).status_code == 200
    eventually(lambda: found(reader, "ottilieska"), ids_of(younger, elder))
    for fan in fans:
        assert fan.unfollow(younger).status_code == 200
    eventually(lambda: found(reader, "ottilieska"), ids_of(elder, younger))


def test_across_a_block_nobody_finds_the_other_and_all_else_do(reader, visitor):
    one, other = visitor(first_name="Cassiopeia"), visitor(first_name="Cassiopeia")
    eventually(lambda: found(reader, "cassiopeia"), ids_of(one, other))
    assert one.block(other).status_code == 200
    assert found(one, "cassiopeia") == ids_of(one)
    assert found(other, "cassiopeia") == ids_of(other)
    assert found(reader, "cassiopeia") == ids_of(one, other)
    assert one.unblock(other).status_code == 200
    assert found(other, "cassiopeia") == ids_of(one, other)


def test_who_has_left_is_not_found(reader, visitor):
    person = visitor(first_name="Melchiorre")
    eventually(lambda: found(reader, "melchiorre"), ids_of(person))
    body = {"password": fields_of(person.username)["password"]}
    assert person.ask("POST", person.my("delete"), json=body).status_code == 204
    eventually(lambda: found(reader, "melchiorre"), [])


def pages_of(person, words, *, meanwhile=lambda: None):
    """Return the ids on each page, from the first on."""
    pages, query = [], {"limit": LIMIT}
    while True:
        page = find(person, words, **query)
        pages.append([user["user_id"] for user in page["users"]])
        if page["next"] is None:
            return pages
        assert len(pages) < PAGES_MAX, f"the pages never end: {pages[-2:]}"
        query["cursor"] = page["next"]
        meanwhile()


def test_page_by_page_nobody_comes_twice_and_nobody_is_missing_while_others_register(
    reader, visitor
):
    present = ids_of(*(visitor(first_name="Marguerita") for _ in range(2 * LIMIT + 1)))
    eventually(lambda: found(reader, "marguerita"), present)
    coming = iter(range(LIMIT))

    def somebody_comes():
        if next(coming, None) is not None:
            newest = visitor(first_name="Marguerita")
            eventually(lambda: newest.user_id in found(reader, "marguerita"), expected=True)

    pages = pages_of(reader, "marguerita", meanwhile=somebody_comes)
    assert {len(page) for page in pages[:-1]} == {LIMIT}
    ids = [user_id for page in pages for user_id in page]
    assert len(set(ids)) == len(ids)
    assert ids[: len(present)] == present
    assert next(coming, None) is None, "nobody came in between"


LONGEST = "x" * 10_000
HOSTILE = {  # what is asked for, and with which status that is answered
    "nothing": ("", 400),
    "one wildcard": ("%", 400),
    "every wildcard": ("%_*?", 400),
    "a wildcard in a name": ("qui%_*", 200),
    "a slow expression": ("(a+)+$", 200),
    "an expression for everything": (".*", 400),
    "operators of tsquery": ("ada & ! ( b | c ) <-> d:*", 200),
    "operators alone": ("& | ! <-> ( ) :*", 400),
    "operators of an index": ('+first_name:"ada" -b^9 {* TO z}', 200),
    "an open quote": ("\"'`", 400),
    "SQL": ("' OR 1=1; DROP TABLE users--", 200),
    "a query of another store": ('{"$ne": null}', 200),
    "a new line and a header": ("ada\r\nX-Evil: 1\r\n\r\n<script>", 400),
    "a zero byte": ("ada\0bob", 400),
    "a path": ("../../etc/passwd", 200),
    "a template": ("${7*7}{{7*7}}", 200),
    "a hundred letters": ("x" * 100, 200),
    "one more": ("x" * 101, 400),
    "ten thousand letters": (LONGEST, 400),
    "a hundred words": ("a " * 50, 200),
    "nine different words": ("a b c d e f g h i", 400),
    "marks without letters": ("\u0301" * 50, 400),
    "a letter under many marks": ("a" + "\u0301" * 99, 200),
    "letters that are long when they are folded": ("\ufdfa" * 50, 200),
    "emoji": ("\U0001f469\u200d\U0001f680", 400),
    "the other direction": ("\u202eada\u2066", 200),
    "spaces of all kinds": ("\u00a0\u2003\u3000\t", 400),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_whatever_is_asked_for_is_answered_or_refused(reader, what):
    words, status = HOSTILE[what]
    answer = reader.get("/search", q=words)
    assert answer.status_code == status, answer.text
    assert "X-Evil" not in answer.headers
    if status == 400:
        assert answer.headers["Content-Type"].startswith("application/problem+json")
        assert answer.json()["detail"]
    else:
        assert answer.json().keys() == {"users", "next", "complete"}


@pytest.mark.parametrize(
    "query",
    [
        "q=%ff%fe", "q=%ed%a0%80", "q=%", "q=%zz", "q=ada&q=bob", "q[$ne]=1", "Q=ada", "q",
        "q=ada&limit=1e3", "q=ada&limit=-1", "q=ada&limit=99999999999999999999", "q=ada&limit=%00",
        "q=ada&cursor=", "q=ada&cursor=%00", "q=ada&cursor=" + "A" * 4_000, "q=ada;limit=1",
    ],
)  # fmt: skip
def test_whatever_the_query_is_nothing_fails(reader, query):
    answer = reader.ask("GET", f"/search?{query}")
    assert answer.status_code in {200, 400}, answer.text


def test_a_cursor_is_for_who_got_it_and_for_what_they_asked(reader, falconer, visitor):
    for _ in range(2):
        visitor(last_name="Pfeffernuss")
    eventually(lambda: len(found(reader, "pfeffernuss")), 2)
    cursor = find(reader, "pfeffernuss", limit=1)["next"]
    assert len(find(reader, "pfeffernuss", limit=1, cursor=cursor)["users"]) == 1
    for person, words in ((falconer, "pfeffernuss"), (reader, "lovelace")):
        answer = person.get("/search", q=words, limit=1, cursor=cursor)
        assert answer.status_code == 400, answer.text


def test_while_search_is_away_all_else_works_and_then_it_knows_everybody(reader, visitor, kill):
    before = visitor(first_name="Rosamundine")
    eventually(lambda: found(reader, "rosamundine"), ids_of(before))
    kill("search-1")
    answer = reader.get("/search", q="rosamundine")
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["Retry-After"]) > 0

    meanwhile = visitor(first_name="Rosamundine")
    assert reader.follow(meanwhile).status_code == 200
    post = meanwhile.say("nobody can find me")
    eventually(reader.top, [post["post_id"]])
    assert reader.get(f"/post/{post['post_id']}").status_code == 200
    assert reader.get(f"/user/{before.user_id}/profile").status_code == 200

    def found_again():
        answer = reader.get("/search", q="rosamundine")
        assert answer.status_code in {200, 503}, answer.text
        if not answer.ok or not answer.json()["complete"]:
            return None
        return {user["user_id"] for user in answer.json()["users"]}

    eventually(found_again, {before.user_id, meanwhile.user_id}, BACK_WITHIN_S)


def test_while_the_index_is_made_anew_it_answers_as_ever(cluster, reader, falconer, visitor):
    eventually(lambda: found(reader, "tverdinov"), ids_of(falconer))
    asked = 0
    with ThreadPoolExecutor(1) as pool:
        making = pool.submit(lambda: reindex(cluster.settings, print))
        newest = visitor(first_name="Thaddeusina")
        while not making.done():
            page = find(reader, "tverdinov")
            assert [user["user_id"] for user in page["users"]] == ids_of(falconer)
            assert page["complete"]
            asked += 1
        shards = making.result()
    assert asked > 0
    assert all(shard.is_complete and shard.rebuild for shard in shards)
    assert found(reader, "tverdinov") == ids_of(falconer)
    eventually(lambda: found(reader, "thaddeusina"), ids_of(newest))
