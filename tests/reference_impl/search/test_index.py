"""What both indexes promise, and that they find the same."""

import json
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.rules.search import Match, parts_of, place_of, query_words, rank_of
from reference_impl.search.disk import TIES_MAX, DiskShelf
from reference_impl.search.entries import GONE, Entry
from reference_impl.search.index import State
from reference_impl.search.memory import MemoryShelf


@pytest.fixture
def index(shelf):
    return shelf.create(State())[1]


def put(index, *entries, state=None):
    index.commit(entries, state or index.state)


@pytest.mark.parametrize("query", ["ad", "lovelac", "lovlace", "LOVELÁCE ada", "ada_l", "paris x1"])
def test_ada_lovelace_is_found(index, names, make_entry, query):
    said = {"username": "ada_l", "location": "Paris", "fields": {"pet": "x1"}}
    put(index, make_entry(1, "Ada Lovelace", **said), make_entry(2, "Bert Byron"))
    assert names(index, query) == ["Ada"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("a*a", ["Ada"]),
        ("ad.*", ["Ada"]),
        ("-ada", ["Ada"]),
        ("ada:*", ["Ada"]),
        ("ada~5", []),
        ("(ada|bert)", []),
        ("ada OR bert", []),
        ('"ada bert"', []),
        ("[a-z]+", []),
    ],
)
def test_what_other_engines_take_for_operators_is_text(index, names, make_entry, query, found):
    put(index, make_entry(1, "Ada Lovelace"), make_entry(2, "Bert Byron"))
    assert names(index, query) == found


def test_of_short_words_the_last_is_a_beginning_and_those_before_are_whole(
    index, names, make_entry
):
    put(index, make_entry(1, "Ada Lovelace"), make_entry(2, "Ad Lovelace"))
    assert names(index, "ad lo") == ["Ad"]
    assert names(index, "lo ad") == []
    assert names(index, "lovelac ad") == ["Ada", "Ad"]


@pytest.mark.parametrize(
    ("query", "passes"), [("ad", 2), ("ada a b", 2), ("adam", 3), ("ada lovelace", 3)]
)
def test_for_typos_it_is_not_asked_where_there_can_be_none(tmp_path, monkeypatch, query, passes):
    shelf, asked = DiskShelf(tmp_path, shard=1, shards=1), []
    _, index = shelf.create(State())

    def hits(searcher, query, match, count):
        asked.append(match)
        return iter([])

    monkeypatch.setattr(index, "_hits", hits)
    index.search(query_words(query), after=0, limit=5)
    assert len(asked) == passes
    shelf.close()


def test_better_matches_come_first_then_more_followers_then_who_is_older(index, names, make_entry):
    put(
        index,
        make_entry(1, "typo lvelace", followers=900),
        make_entry(2, "prefix lovelaces", followers=900),
        make_entry(3, "young lovelace", followers=2),
        make_entry(4, "younger lovelace", followers=3),
        make_entry(5, "known lovelace", followers=4),
    )
    assert names(index, "lovelace") == ["known", "young", "younger", "prefix", "typo"]


def test_hits_say_their_places(index, make_entry):
    put(index, make_entry(7, "Ada", followers=5))
    [hit] = index.search(["ad"], after=0, limit=1)
    assert hit.place == place_of(Match.PREFIX, rank_of(5, 7))
    assert hit.user["follower_count"] == 5


def test_pages_follow_each_other_through_all_kinds_of_matches(index, names, make_entry):
    people = ["lovelace", "lovelaces", "lvelace"]
    put(index, *(make_entry(n, f"n{n} {people[n % 3]}", followers=n % 4) for n in range(1, 40)))
    places, after = [], 0
    while hits := index.search(["lovelace"], after=after, limit=4):
        places += [hit.place for hit in hits]
        after = places[-1]
    assert len(places) == 39
    assert places == sorted(set(places))
    assert {parts_of(place)[0] for place in places} == set(Match)


def test_pages_are_right_where_many_ids_are_the_same_in_their_upper_bits(index, make_entry):
    ids = range(1 << 20, (1 << 20) + 3 * TIES_MAX)
    put(index, *(make_entry(user_id, "Ada") for user_id in reversed(ids)))
    for limit in (1, 5, TIES_MAX, 2 * TIES_MAX):
        found, after = [], 0
        while hits := index.search(["ada"], after=after, limit=limit):
            found += [int(hit.user["user_id"]) for hit in hits]
            after = hits[-1].place
        assert found == list(ids)


def test_a_newer_entry_takes_the_place_of_the_older(index, names, make_entry):
    put(index, make_entry(1, "Ada"))
    put(index, make_entry(1, "Eve"))
    assert names(index) == ["Eve"]
    assert names(index, "ada") == []
    assert index.users() == 1


def test_who_is_gone_is_remembered_but_not_found(index, names, make_entry):
    put(index, make_entry(1, "Ada"))
    left = Entry(user_id=1, version=GONE, at_s=5.0)
    put(index, left)
    assert names(index) == []
    assert index.users() == 0
    assert index.entry_of(1) == left


def test_who_is_gone_is_forgotten_after_a_while(index, make_entry):
    put(
        index,
        Entry(user_id=1, version=GONE, at_s=5.0),
        Entry(user_id=2, version=GONE, at_s=9.0),
        make_entry(3, "Ada", at_s=5.0),
    )
    index.forget_gone(9.0)
    put(index)
    assert [index.entry_of(user_id) is None for user_id in (1, 2, 3)] == [True, False, False]


def test_whoever_is_dropped_is_not_known_any_more(index, make_entry):
    put(index, *(make_entry(user_id, "Ada") for user_id in (1, 2, 3)))
    index.drop([1, 3, 4])
    put(index)
    assert [index.entry_of(user_id) is None for user_id in (1, 2, 3)] == [True, False, True]
    assert index.users() == 1


def test_changes_since_a_time_are_told_also_of_who_is_gone(index, make_entry):
    put(
        index,
        make_entry(1, "Ada", at_s=4.9),
        make_entry(2, "Bert", at_s=5.5),
        Entry(user_id=3, version=GONE, at_s=6.0),
        *(make_entry(user_id, "Eve", at_s=7.0) for user_id in range(10, 3_000)),
    )
    assert {entry.user_id for entry in index.changed_since(5.5)} == {2, 3, *range(10, 3_000)}
    assert {entry.user_id for entry in index.changed_since(5.6)} == {3, *range(10, 3_000)}


def test_an_entry_comes_back_as_it_was(index, make_entry):
    entry = make_entry(1 << 62, "Ada", fields={"a": "b"}, followers=3, at_s=1.25)
    put(index, entry)
    assert index.entry_of(1 << 62) == entry
    assert index.entry_of(2) is None


WORD = st.text("ab", min_size=1, max_size=10)
NAME = st.lists(WORD, min_size=1, max_size=3).map(" ".join)


@settings(max_examples=5, deadline=None)
@given(
    st.lists(st.tuples(NAME, st.integers(0, 5)), min_size=20, max_size=60),
    st.lists(st.lists(WORD, min_size=1, max_size=3), min_size=15, max_size=40),
)
def test_both_indexes_find_the_same(tmp_path_factory, make_entry, people, queries):
    entries = [
        make_entry(number * 7, name, followers=followers)
        for number, (name, followers) in enumerate(people, start=1)
    ]
    on_disk = DiskShelf(tmp_path_factory.mktemp("index"), shard=1, shards=1)
    indexes = [on_disk.create(State())[1], MemoryShelf().create(State())[1]]
    for index in indexes:
        put(index, *entries)
    for query in queries:
        words = query_words(" ".join(query))
        first, second = (index.search(words, after=0, limit=20) for index in indexes)
        assert first == second
    on_disk.close()


STATE = State(rebuild="r", sources=frozenset({1, 2}), is_complete=True)


@pytest.fixture
def stored(tmp_path, make_entry):
    """A folder with one index in it."""
    shelf = DiskShelf(tmp_path, shard=1, shards=2)
    index = shelf.create(State())[1]
    put(index, make_entry(1, "Ada"), make_entry(2, "Bert"), state=STATE)
    put(index, make_entry(2, "Berta"))
    shelf.close()
    return tmp_path


@pytest.fixture
def opened(stored):
    """A function that opens what is in the folder."""
    shelves = []

    def open_again(shard=1, shards=2):
        shelves.append(DiskShelf(stored, shard=shard, shards=shards))
        return shelves[-1].opened()

    yield open_again
    for shelf in shelves:
        shelf.close()


def test_an_index_on_disk_is_there_again(opened, names):
    [index] = opened().values()
    assert index.state == STATE
    assert names(index) == ["Ada", "Berta"]


def test_an_index_of_another_shard_is_of_no_use(opened):
    assert list(opened(shard=2).values()) == [None]


def test_an_index_of_another_number_of_shards_is_of_no_use(opened):
    assert list(opened(shards=3).values()) == [None]


PARTS = ("idx", "term", "store", "fast", "fieldnorm", "del", "json")


@pytest.mark.parametrize(
    ("part", "how"),
    [
        *((part, "flipped") for part in PARTS),
        *((part, how) for part in ("store", "json") for how in ("cut", "emptied", "removed")),
    ],
)
def test_a_damaged_index_is_of_no_use(opened, stored, part, how):
    path = next(stored.glob("*/meta.json" if part == "json" else f"*/*.{part}"))
    content = path.read_bytes()
    if how == "flipped":
        path.write_bytes(bytes([content[0] ^ 255]) + content[1:])
    elif how == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif how == "emptied":
        path.write_bytes(b"")
    else:
        path.unlink()
    assert list(opened().values()) == [None]


def test_what_is_no_index_is_of_no_use_and_can_be_removed(stored):
    (stored / "stray").write_text("?")
    (stored / "begun").mkdir()
    (stored / "other").mkdir()
    (stored / "other" / "made-for.json").write_text(json.dumps({"format": 0}))
    shelf = DiskShelf(stored, shard=1, shards=2)
    found = shelf.opened()
    useless = [name for name, index in found.items() if index is None]
    assert (useless, len(found)) == (["begun", "other", "stray"], 4)
    for name in useless:
        shelf.remove(name)
    assert len(list(stored.iterdir())) == 1
    shelf.close()


def test_what_a_dying_process_left_beside_an_index_does_not_damage_it(opened, stored):
    [folder] = stored.iterdir()
    (folder / f"{'0' * 32}.idx").write_bytes(b"half a file")
    assert len(opened()) == 1


def test_removing_an_index_disturbs_no_search_in_it(shelf, names, make_entry):
    name, index = shelf.create(State())
    put(index, *(make_entry(user_id, "Ada") for user_id in range(1, 200)))
    removal = threading.Thread(target=lambda: shelf.remove(name))
    removal.start()
    found = [len(names(index)) for _ in range(20)]
    removal.join()
    assert found == [100] * 20
    assert shelf.opened() == {}
