import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.rules.ids import ID_MAX
from model.rules.search import (
    QUERY_WORDS_MAX,
    WORD_CHARS_MAX,
    Match,
    beginnings_of,
    has_typos,
    is_newer,
    match_of,
    parts_of,
    place_of,
    query_words,
    rank_of,
    shard_of_user,
    typos_of,
    typos_to_beginnings,
    words_of,
    words_of_all,
)

ADA = words_of_all(["Ada", "Lovelace", "ada_l.1815", "London"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ada Lovelace", ["ada", "lovelace"]),
        ("ÉCOLE Zoë", ["ecole", "zoe"]),
        ("e\u0301cole", ["ecole"]),
        ("Straße STRASSE", ["strasse", "strasse"]),
        ("Łódź Ærø Þór İzmir \u0131s\u0131", ["lodz", "aero", "thor", "izmir", "isi"]),
        ("O'Neil O\u2019Neil", ["oneil", "oneil"]),
        ("ada_l.1815", ["ada", "l", "1815"]),
        ("\uff11\uff12 Ⅷ ﬁn", ["12", "viii", "fin"]),
        ("北京 москва", ["北京", "москва"]),
        ("a\r\nb\x00c", ["a", "b", "c"]),
        ("a* & (b|!c):* .*[x]", ["a", "b", "c", "x"]),
        ("... -- !!", []),
        ("", []),
    ],
)
def test_words_have_neither_case_nor_marks_nor_signs(text, words):
    assert words_of(text) == words


@given(st.text(max_size=200))
def test_the_words_of_words_are_themselves(text):
    words = words_of(text)
    again = [other for word in words for other in words_of(word)]
    assert [word[:WORD_CHARS_MAX] for word in again] == words


def test_a_word_is_looked_at_up_to_a_length():
    assert words_of("a" * 10_000) == ["a" * WORD_CHARS_MAX]


@pytest.mark.parametrize(("text", "wrong"), [("?!", "a letter"), ("a b c d e f g h i", "8 words")])
def test_a_query_without_words_or_with_too_many_is_refused_by_name(text, wrong):
    with pytest.raises(ValueError, match=wrong) as refused:
        query_words(text)
    assert "q must" in str(refused.value)


def test_words_of_a_query_count_once():
    assert query_words("ada ADA " * QUERY_WORDS_MAX) == ("ada",)


@pytest.mark.parametrize(
    ("query", "match"),
    [
        ("ada", Match.EXACT),
        ("lovelace ada", Match.EXACT),
        ("ad", Match.PREFIX),
        ("ada lovelac", Match.PREFIX),
        ("lovlace", Match.TYPO),
        ("lvoelace", Match.TYPO),
        ("lovxlac", Match.TYPO),
        ("ada lonodn", Match.TYPO),
        ("lxvelxce", Match.TYPO),
        ("lovelxcee", Match.TYPO),
        ("lxvelxc", None),
        ("lxvlce", None),
        ("adx", None),
        ("ada byron", None),
        ("a", Match.PREFIX),
        ("ada lo", Match.PREFIX),
        ("lovel ad", Match.PREFIX),
        ("l ad", Match.PREFIX),
        ("ad lo", None),
        ("a l", None),
        ("lo a lovelac", None),
        ("ad lov", Match.PREFIX),
    ],
)
def test_ada_is_found_by(query, match):
    assert match_of(query_words(query), ADA) == match


def test_only_in_long_words_there_may_be_typos():
    assert not has_typos(["abc", "x"])
    assert has_typos(["abc", "abcd"])


@given(st.lists(st.text("abcdefgh", min_size=1, max_size=4), max_size=8, unique=True))
def test_at_most_one_short_word_is_a_beginning(query):
    beginnings = beginnings_of(query)
    assert len([word for word in beginnings if len(word) < 3]) <= 1
    assert beginnings >= {word for word in query if len(word) >= 3}
    assert not query or query[-1] in beginnings, "which may not have been written to its end"


@pytest.mark.parametrize(
    ("word", "typos"), [("abc", 0), ("abcd", 1), ("abcdefg", 1), ("abcdefgh", 2)]
)
def test_longer_words_may_have_more_typos(word, typos):
    assert typos_of(word) == typos


def typos_by_definition(word, other):
    """Optimal string alignment, straight from its definition."""
    if not word or not other:
        return len(word) + len(other)
    typos = min(
        typos_by_definition(word[:-1], other) + 1,
        typos_by_definition(word, other[:-1]) + 1,
        typos_by_definition(word[:-1], other[:-1]) + (word[-1] != other[-1]),
    )
    if word[-2:] == other[-2:][::-1] and len(word) > 1 and len(other) > 1:
        typos = min(typos, typos_by_definition(word[:-2], other[:-2]) + 1)
    return typos


@given(st.text("abc", max_size=5), st.text("abc", max_size=5))
def test_typos_are_counted_to_every_beginning(word, other):
    beginnings = [other[:end] for end in range(len(other) + 1)]
    by_definition = [typos_by_definition(word, beginning) for beginning in beginnings]
    assert typos_to_beginnings(word, other) == by_definition


@given(st.text(string.ascii_lowercase, min_size=1, max_size=12))
def test_a_word_matches_itself_best(word):
    assert match_of([word], [word, word + "x"]) is Match.EXACT


def test_more_followers_come_first_and_then_who_is_older():
    ranks = [rank_of(1_000_000, 9), rank_of(3, 1), rank_of(2, 2), rank_of(1, 1), rank_of(0, 0)]
    assert ranks == sorted(ranks)
    assert rank_of(2, 5) == rank_of(3, 5), "within a bucket the count does not matter"


@given(
    st.sampled_from(Match), st.integers(0, 1 << 45), st.integers(0, ID_MAX), st.integers(0, ID_MAX)
)
def test_a_place_says_how_it_came_about(match, followers, user_id, other_id):
    rank = rank_of(followers, user_id)
    assert parts_of(place_of(match, rank)) == (match, rank)
    if match < Match.TYPO:
        worse = place_of(Match(match + 1), rank_of(1 << 45, other_id))
        assert place_of(match, rank) < worse


def test_what_is_no_place_is_refused():
    with pytest.raises(ValueError, match="3 is not a valid Match"):
        parts_of(3 << 69)


def test_users_belong_to_the_shards_evenly():
    shards = [shard_of_user(place << 10, 3) for place in range(4096)]
    assert sorted({shard: shards.count(shard) for shard in shards}.items()) == [
        (1, 1366),
        (2, 1365),
        (3, 1365),
    ]


def test_of_two_rebuilds_the_newer_is_the_greater_as_text():
    assert is_newer("a", None)
    assert is_newer("002-b", "001-c")
    assert not is_newer("001-c", "001-c")
