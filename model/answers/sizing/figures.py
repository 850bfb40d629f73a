"""A figure: a number that says how it came about, and on whose word.

Figures are made of figures, so that what a formula says is what was reckoned.  What cannot be
known is a figure too: it has no value, says why, and so does whatever is made of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from model.answers.digits import digits_of

SCENARIO, CALIBRATION = "scenario", "calibration"
SIGNIFICANT_DIGITS = 4
TIMES, OVER, LESS = " × ", " ÷ ", " − "  # noqa: RUF001 - signs of arithmetic

_COUNTS = ((1e15, " quadrillion"), (1e12, " trillion"), (1e9, " billion"), (1e6, " million"))
_BYTES = ((1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_SECONDS = ((1.0, ""), (1e-3, "m"), (1e-6, "µ"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A value in a unit; NaN if it is not known, and then the formula says why.

    `source` names what the value rests on: the scenario, the calibration, an assumption, or a
    publication; several are parted by semicolons, and plain conversions have none.
    """

    name: str
    value: float
    unit: str
    formula: str
    source: str

    @property
    def is_known(self) -> bool:
        """Whether there is a value."""
        return not math.isnan(self.value)

    @property
    def said(self) -> str:
        """The value with its unit, as people write it."""
        return said(self.value, self.unit) if self.is_known else "not known"

    @property
    def sources(self) -> tuple[str, ...]:
        """What it rests on, one by one."""
        return tuple(filter(None, self.source.split("; ")))

    def called(self, name: str, unit: str | None = None) -> Figure:
        """Return the same figure by another name, and with another word for its unit."""
        return replace(self, name=name, unit=self.unit if unit is None else unit)


def given(value: float, unit: str, where: str, *, source: str = SCENARIO) -> Figure:
    """Return a figure that is not reckoned but given: `where` says by which field, or why."""
    return Figure(name=where, value=float(value), unit=unit, formula=where, source=source)


def conversion(value: float, unit: str) -> Figure:
    """Return a number that is so by definition, such as the seconds of a day."""
    return given(value, unit, unit, source="")


def unknown(name: str, unit: str, why: str) -> Figure:
    """Return a figure that nobody can give, and why."""
    return Figure(name=name, value=math.nan, unit=unit, formula=f"not known: {why}", source="")


def product(name: str, unit: str, *factors: Figure, over: Sequence[Figure] = ()) -> Figure:
    """Return the product of the factors, divided by each of `over`; these must not be 0."""
    if any(each.value == 0 for each in over):
        raise ValueError(f"{name}: cannot be divided by 0")
    value = math.prod(each.value for each in factors) / math.prod(each.value for each in over)
    words = TIMES.join(each.said for each in factors)
    words += "".join(f"{OVER}{each.said}" for each in over)
    return _made(name, unit, value, words, (*factors, *over))


def total(name: str, unit: str, *parts: Figure) -> Figure:
    """Return the sum of the parts; nothing at all sums up to 0."""
    words = " + ".join(part.said for part in parts) or "nothing"
    return _made(name, unit, math.fsum(part.value for part in parts), words, parts)


def total_spelled(name: str, unit: str, *parts: Figure) -> Figure:
    """Return the sum of the parts, with the formula of each instead of its value."""
    words = " + ".join(part.formula for part in parts) or "nothing"
    return _made(name, unit, math.fsum(part.value for part in parts), words, parts)


def difference(name: str, unit: str, whole: Figure, less: Figure) -> Figure:
    """Return `whole` less the other."""
    words = f"{whole.said}{LESS}{less.said}"
    return _made(name, unit, whole.value - less.value, words, (whole, less))


def least(name: str, unit: str, *options: Figure) -> Figure:
    """Return the smallest of the options."""
    words = "the least of " + ", ".join(option.said for option in options)
    return _made(name, unit, min(option.value for option in options), words, options)


def largest(name: str, unit: str, *options: Figure) -> Figure:
    """Return the largest of the options, with the names of all if they are several."""
    if len(options) == 1:
        return options[0].called(name, unit)
    words = "the largest of " + ", ".join(f"{each.said} ({each.name})" for each in options)
    return _made(name, unit, max(option.value for option in options), words, options)


def rounded_up(figure: Figure) -> Figure:
    """Return the figure as a whole number, no less than it is; rounding errors do not count."""
    if not figure.is_known:
        return figure
    whole = math.ceil(figure.value * (1 - 1e-12))
    return replace(figure, value=float(whole), formula=f"{figure.formula}, rounded up")


def complement(figure: Figure, unit: str) -> Figure:
    """Return the rest of a share: 1 less it."""
    return replace(figure, value=1 - figure.value, unit=unit)


def said(value: float, unit: str) -> str:
    """Return a value as people write it, to four digits.

    >>> said(950e12, "B/day"), said(4_440.2, "posts/s"), said(1.2e9, "users")
    ('950 TB/day', '4,440 posts/s', '1.2 billion users')
    >>> said(47.7e-6, "s"), said(0.6, "of them")
    ('47.7 µs', '0.6 of them')
    """
    first, *rest = unit.split(" ", 1)
    after = f" {rest[0]}" if rest else ""
    if first == "B" or first.startswith("B/"):
        scaled, prefix = _scaled(value, _BYTES)
        return f"{scaled} {prefix.strip()}{first}{after}"
    if first == "s":
        scaled, prefix = _scaled(value, _SECONDS)
        return f"{scaled} {prefix}{first}{after}"
    scaled, word = _scaled(value, _COUNTS)
    return f"{scaled}{word} {unit}".rstrip()


def _scaled(value: float, scale: Sequence[tuple[float, str]]) -> tuple[str, str]:
    """Return the number in the largest step of the scale that it reaches, and the step's word."""
    for step, word in scale:
        if abs(value) >= step * (1 - 1e-9):
            return digits_of(value / step, SIGNIFICANT_DIGITS), word
    return digits_of(value, SIGNIFICANT_DIGITS), ""


def _made(name: str, unit: str, value: float, words: str, parts: Iterable[Figure]) -> Figure:
    """Return a figure made of others, not known if one of them is not."""
    parts = tuple(parts)
    for part in parts:
        if not part.is_known:
            return Figure(name=name, value=math.nan, unit=unit, formula=part.formula, source="")
    source = "; ".join(dict.fromkeys(source for part in parts for source in part.sources))
    return Figure(name=name, value=value, unit=unit, formula=words, source=source)
