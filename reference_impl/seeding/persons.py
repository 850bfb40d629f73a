"""Who the seeded people are: names, addresses and likings, drawn by the scenario's seed."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model.world import chance
from reference_impl.seeding.names import CITIES, FIRST_NAMES, LAST_NAMES, LIKES

_PERSON = 43  # what a random number is for

# Letters that are no other letter with an accent.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ß": "ss", "æ": "ae"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One of them, as others see them; the email is the username's."""

    first_name: str
    last_name: str
    username: str
    location: str
    likes: str

    @property
    def email(self) -> str:
        """An address at a domain that is nobody's (RFC 2606)."""
        return f"{self.username}@example.org"


def persons_of(seed: int, count: int) -> list[Person]:
    """Return the first `count` people of a world; one more changes none of them."""
    everyone = np.arange(count)
    lists = (FIRST_NAMES, LAST_NAMES, CITIES, LIKES)
    drawn = [
        (chance.u_block(seed, 0, everyone, _PERSON, 0, 0, draw) * len(options)).astype(int)
        for draw, options in enumerate(lists)
    ]
    taken: Counter[str] = Counter()
    return [_person(places, taken) for places in zip(*(d.tolist() for d in drawn), strict=True)]


def _person(places: Sequence[int], taken: Counter[str]) -> Person:
    first, last, city, likes = places
    first_name, last_name = FIRST_NAMES[first], LAST_NAMES[last]
    return Person(
        first_name=first_name,
        last_name=last_name,
        username=_username(f"{_plain(first_name)}.{_plain(last_name)}", taken),
        location=CITIES[city],
        likes=LIKES[likes],
    )


def _username(name: str, taken: Counter[str]) -> str:
    """Return the name, with a number from its second bearer on; no name has one of its own."""
    taken[name] += 1
    return name if taken[name] == 1 else f"{name}{taken[name]}"


def _plain(name: str) -> str:
    """Return the small ASCII letters of a name.

    >>> _plain("Zieliński"), _plain("van Dijk"), _plain("Søndergaard")
    ('zielinski', 'vandijk', 'sondergaard')
    """
    letters = unicodedata.normalize("NFKD", name.lower().translate(_PLAIN))
    return "".join(letter for letter in letters if letter.isascii() and letter.isalpha())
