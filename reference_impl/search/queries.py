"""What the rules of search mean, said to tantivy: which terms match a word, and how well."""

from __future__ import annotations

from collections.abc import Sequence

from tantivy import FieldType, Occur, Query, Schema

from model.rules.search import Match, beginnings_of, typos_of

WORDS, RANK, AT_S, KIND, KEY, SAID = "words", "rank", "at_s", "kind", "key", "said"
U64_MAX = (1 << 64) - 1


def matching(schema: Schema, words: Sequence[str], match: Match) -> Query:
    """Return the query for whom all words match so well, and not better."""
    found = _at_least(schema, words, match)
    if match is Match.EXACT:
        return found
    better = _at_least(schema, words, Match(match - 1))
    return Query.boolean_query([(Occur.Must, found), (Occur.MustNot, better)])


def _at_least(schema: Schema, words: Sequence[str], match: Match) -> Query:
    beginnings = beginnings_of(words)
    asked = [
        _word(schema, word, match) if word in beginnings else having(schema, WORDS, word)
        for word in words
    ]
    return Query.boolean_query([(Occur.Must, each) for each in asked])


def _word(schema: Schema, word: str, match: Match) -> Query:
    if match is Match.EXACT:
        return having(schema, WORDS, word)
    typos = typos_of(word) if match is Match.TYPO else 0
    begins = Query.fuzzy_term_query(schema, WORDS, word, distance=min(typos, 1), prefix=True)
    if typos <= 1:
        return begins
    # Tantivy 0.26 misses some words that begin with others within two typos: see decision 21.
    near = Query.fuzzy_term_query(schema, WORDS, word, distance=typos, prefix=False)
    return Query.boolean_query([(Occur.Should, begins), (Occur.Should, near)])


def from_rank(schema: Schema, query: Query, rank: int) -> Query:
    """Return the query for those whose rank, as stored, is this one or a later one."""
    later = between(schema, RANK, rank, U64_MAX)
    return Query.boolean_query([(Occur.Must, query), (Occur.Must, later)])


def between(schema: Schema, field: str, least: int, most: int) -> Query:
    """Return the query for those whose number is in this range, both ends included."""
    return Query.range_query(schema, field, FieldType.Unsigned, lower_bound=least, upper_bound=most)


def having(schema: Schema, field: str, term: str) -> Query:
    """Return the query for those who have exactly this term."""
    return Query.term_query(schema, field, term, index_option="basic")
