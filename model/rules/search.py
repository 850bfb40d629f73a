"""What finds a user in search, and in which order: words, how well they match, places, shards."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from enum import IntEnum
from functools import lru_cache

from model.rules.followers import followers_bucket
from model.rules.sharding import ShardTable, even_table

QUERY_CHARS_MAX = 100
QUERY_WORDS_MAX = 8
WORD_CHARS_MAX = 64  # of a word, on both sides; what is beyond is not looked at
TEXT_WORDS_MAX = 1_000  # different ones of a user: 16 open fields of 200 characters have fewer
ONE_TYPO_CHARS_MIN = 4  # a shorter word must be right: most have a neighbour that means another
TWO_TYPOS_CHARS_MIN = 8
SHORT_CHARS_MAX = 2  # of a word that very many others begin with
BUCKETS = 64  # of follower counts that a place tells apart; mankind fills 34

_ID_BITS = 63
_BUCKET_BITS = 6
# Letters that Unicode does not take apart into a plain one and a mark.
_PLAIN = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ħ": "h",
        "\u0131": "i",
        "æ": "ae",
        "œ": "oe",
        "ð": "d",
        "þ": "th",
    }
)
_INSIDE_WORDS = "'\u2019"  # O'Neil is found as oneil


class Match(IntEnum):
    """How well a user's words match a query: as well as the worst matched word of the query."""

    EXACT = 0  # a word of the user
    PREFIX = 1  # the beginning of one
    TYPO = 2  # either of the two, but for a typo; or a word, but for two


def words_of(text: str) -> list[str]:
    """Return the words of a text without case, accents and marks, in their order.

    A word is a run of letters and digits; scripts that do not part words are one run each.

    >>> words_of("Zoë O'Neil, STRASSE 5 / Straße")
    ['zoe', 'oneil', 'strasse', '5', 'strasse']
    """
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return [word[:WORD_CHARS_MAX] for word in _spaced(apart.translate(_PLAIN)).split()]


def _spaced(text: str) -> str:
    """Drop what stands on or inside letters, and put a space for whatever is no letter."""
    kept = (
        letter if letter.isalnum() or unicodedata.category(letter) == "Mc" else " "
        for letter in text
        if unicodedata.category(letter) not in ("Mn", "Me") and letter not in _INSIDE_WORDS
    )
    return "".join(kept)


def words_of_all(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the different words of a user's texts, in the order in which they first appear."""
    words = dict.fromkeys(word for text in texts for word in words_of(text))
    return tuple(words)[:TEXT_WORDS_MAX]


def query_words(text: str) -> tuple[str, ...]:
    """Return the different words that are searched for.

    Raises ValueError, which names `q`, if they are none or too many.
    """
    words = tuple(dict.fromkeys(words_of(text)))
    if not words:
        raise ValueError("q must contain a letter or a digit")
    if len(words) > QUERY_WORDS_MAX:
        raise ValueError(f"q must have at most {QUERY_WORDS_MAX} words, got {len(words)}")
    return words


def typos_of(word: str) -> int:
    """Return how many typos a word of a query may have, measured against a whole word.

    Against the beginning of one it may have one at most: so little is known of what is meant.
    """
    if len(word) >= TWO_TYPOS_CHARS_MIN:
        return 2
    return 1 if len(word) >= ONE_TYPO_CHARS_MIN else 0


def has_typos(query: Sequence[str]) -> bool:
    """Say whether any word of a query may have one: if not, nobody matches but for a typo."""
    return any(typos_of(word) for word in query)


def beginnings_of(query: Sequence[str]) -> frozenset[str]:
    """Return those words of a query which also find the words that begin with them.

    Of short ones that is the last, which may not have been written to its end yet.

    >>> sorted(beginnings_of(["a", "lovel", "jo"]))
    ['jo', 'lovel']
    """
    short = [word for word in query if len(word) <= SHORT_CHARS_MAX]
    return frozenset(query).difference(short[:-1])


def match_of(query: Sequence[str], words: Collection[str]) -> Match | None:
    """Return how well a user with these words matches; None if a word of the query does not.

    >>> [match_of([word], ["lovelace"]) for word in ("lovelace", "lovel", "lovlace", "byron")]
    [<Match.EXACT: 0>, <Match.PREFIX: 1>, <Match.TYPO: 2>, None]
    """
    worst, beginnings = Match.EXACT, beginnings_of(query)
    for word in query:
        match = _match_of_word(word, words, begins=word in beginnings)
        if match is None:
            return None
        worst = max(worst, match)
    return worst


def _match_of_word(word: str, words: Collection[str], *, begins: bool) -> Match | None:
    if word in words:
        return Match.EXACT
    if begins and any(other.startswith(word) for other in words):
        return Match.PREFIX
    typos = typos_of(word)
    if typos and any(_is_near(word, other, typos) for other in words):
        return Match.TYPO
    return None


def _is_near(word: str, other: str, typos: int) -> bool:
    to_beginnings = typos_to_beginnings(word, other)
    return to_beginnings[-1] <= typos or min(to_beginnings) <= 1


def typos_to_beginnings(word: str, other: str) -> list[int]:
    """Return the typos between a word and each beginning of another, up to the whole of it.

    A typo is a letter too many, too few or wrong, or two neighbours swapped, none of them touched
    again ("optimal string alignment": Oommen & Loke, Pattern Recognition 30(5), 1997).

    >>> typos_to_beginnings("lvoe", "love")
    [4, 3, 2, 2, 1]
    """
    before: list[int] = []
    row = list(range(len(other) + 1))
    for at, letter in enumerate(word):
        next_row = [at + 1]
        for place, its in enumerate(other):
            typos = min(row[place] + (letter != its), row[place + 1] + 1, next_row[place] + 1)
            if at and place and letter == other[place - 1] and word[at - 1] == its:
                typos = min(typos, before[place - 1] + 1)
            next_row.append(typos)
        before, row = row, next_row
    return row


def rank_of(followers: int, user_id: int) -> int:
    """Return where a user comes among those who match as well: more followers, then older.

    Of two the smaller rank comes first.
    """
    bucket = min(followers_bucket(followers), BUCKETS - 1)
    return (BUCKETS - 1 - bucket) << _ID_BITS | user_id


def place_of(match: Match, rank: int) -> int:
    """Return the place of a match among all of a query: a page goes on after the last one's."""
    return match << (_ID_BITS + _BUCKET_BITS) | rank


def parts_of(place: int) -> tuple[Match, int]:
    """Return the match and the rank of a place; raise ValueError if it is none."""
    match, rank = divmod(place, 1 << (_ID_BITS + _BUCKET_BITS))
    return Match(match), rank


def shard_of_user(user_id: int, shards: int) -> int:
    """Return the index shard, from 1, that a user belongs to."""
    return 1 + _table_of(shards).server_of_id(user_id)


@lru_cache(maxsize=8)
def _table_of(shards: int) -> ShardTable:
    return even_table(shards)


def rebuild_id(now_ms: int, token: str) -> str:
    """Return the id of a rebuild that begins now; `token` tells it from others of that moment.

    Of two rebuilds the one whose id is greater, as text, is the newer: see `is_newer`.
    """
    return f"{now_ms:015d}-{token}"


def began_ms(rebuild: str) -> int:
    """Return when a rebuild with such an id began; ValueError if it is no such id.

    >>> began_ms(rebuild_id(5, "x"))
    5
    """
    return int(rebuild.partition("-")[0])


def is_newer(rebuild: str, than: str | None) -> bool:
    """Say whether a rebuild began after another, or there was no other."""
    return than is None or rebuild > than
