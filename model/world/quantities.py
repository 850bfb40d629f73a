"""Quantities as people write them: "500 ms", "2 PB", "50 k", "120/s", "35 %".

A scenario carries units; the code behind it carries float seconds, whole bytes and plain
counts.  This is the one place where the first become the second.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

SECONDS_PER_UNIT = {
    "us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86_400.0, "y": 31_557_600.0,
}  # fmt: skip
BYTES_PER_UNIT = {
    "B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "PB": 10**15,
    "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40,
}  # fmt: skip
COUNT_PER_UNIT = {"": 1, "k": 10**3, "M": 10**6, "B": 10**9}
_NUMBER = re.compile(r"^\s*([0-9][0-9_]*(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?)\s*(\S*)\s*$")


def _scaled(value: Any, units: Mapping[str, float], example: str) -> float:
    """Return the number in base units that `value`, such as "1.5 ms", stands for."""
    match = _NUMBER.match(value) if isinstance(value, str) else None
    if match is None or match[2] not in units:
        known = ", ".join(unit for unit in units if unit)
        raise ValueError(f'write a number and a unit ({known}), such as "{example}", got {value!r}')
    scaled = float(match[1].replace("_", "")) * units[match[2]]
    if scaled == float("inf"):
        raise ValueError(f"must be finite, got {value!r}")
    return scaled


def parse_seconds(value: Any) -> float:
    """Read a duration: parse_seconds("500 ms") is 0.5."""
    return _scaled(value, SECONDS_PER_UNIT, "500 ms")


def parse_bytes(value: Any) -> int:
    """Read a size: parse_bytes("2 kB") is 2000."""
    return round(_scaled(value, BYTES_PER_UNIT, "2 MB"))


def parse_count(value: Any) -> int:
    """Read a count, given as a whole number or as text: parse_count("50 k") is 50000."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return round(_scaled(value, COUNT_PER_UNIT, "50 k"))


def parse_per_s(value: Any) -> float:
    """Read a rate: parse_per_s("120/s") is 120.0, parse_per_s("6 k/min") is 100.0."""
    count, slash, unit = value.rpartition("/") if isinstance(value, str) else ("", "", "")
    if not slash or unit.strip() not in SECONDS_PER_UNIT:
        raise ValueError(f'write a count per unit of time, such as "120/s", got {value!r}')
    return _scaled(count, COUNT_PER_UNIT, "120/s") / SECONDS_PER_UNIT[unit.strip()]


def parse_share(value: Any) -> float:
    """Read a share of a whole: parse_share("35 %") is 0.35, and so is parse_share(0.35)."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        share = float(value)
    else:
        share = _scaled(value, {"%": 0.01}, "35 %")
    if not 0 <= share <= 1:
        raise ValueError(f"must be a share between 0 and 1, got {value!r}")
    return share


def _quantity(parse: Callable[[Any], Any], write: Callable[[Any], str], example: str) -> Any:
    """Return the annotations that read, write and describe one kind of quantity."""
    schema = WithJsonSchema({"type": "string", "examples": [example]})
    return BeforeValidator(parse), PlainSerializer(write), schema


_seconds = _quantity(parse_seconds, lambda s: f"{s!r} s", "500 ms")
_bytes = _quantity(parse_bytes, lambda b: f"{b} B", "2 MB")
_per_s = _quantity(parse_per_s, lambda r: f"{r!r}/s", "120/s")

Seconds = Annotated[float, *_seconds]
Bytes = Annotated[int, *_bytes]
PerSecond = Annotated[float, *_per_s]
Count = Annotated[int, BeforeValidator(parse_count)]
Share = Annotated[float, BeforeValidator(parse_share)]
