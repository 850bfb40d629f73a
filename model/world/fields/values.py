"""Values as a scenario writes them: "500 ms", "2 kB", "50 k", "120/s", "35 %", true, 2.2."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from enum import Enum
from math import isclose
from typing import Any

from model.world.quantities import BYTES_PER_UNIT, COUNT_PER_UNIT, SECONDS_PER_UNIT

Write = Callable[[Any], str]


def seconds_text(seconds: float) -> str:
    """Return a duration in the largest unit of which it is a whole number.

    >>> seconds_text(0.5), seconds_text(2_592_000)
    ('500 ms', '30 d')
    """
    return _in_units(seconds, SECONDS_PER_UNIT, base="s")


def bytes_text(size_bytes: int) -> str:
    """Return a size in the largest unit of which it is a whole number.

    >>> bytes_text(20_000)
    '20 kB'
    """
    return _in_units(size_bytes, BYTES_PER_UNIT, base="B")


def count_text(count: float) -> str:
    """Return a count in the largest unit of which it is a whole number.

    >>> count_text(50_000), count_text(4_096)
    ('50 k', '4096')
    """
    return _in_units(count, COUNT_PER_UNIT, base="").strip()


def per_s_text(rate_per_s: float) -> str:
    """Return a rate per second.

    >>> per_s_text(5e6)
    '5 M/s'
    """
    return f"{count_text(rate_per_s)}/s"


def share_text(share: float) -> str:
    """Return a share in per cent.

    >>> share_text(0.9999)
    '99.99 %'
    """
    return f"{share * 100:.10g} %"


def number_text(number: float) -> str:
    """Return a plain number, without digits that say nothing.

    >>> number_text(20.0), number_text(1.67)
    ('20', '1.67')
    """
    return f"{number:.12g}"


def toml_of(value: Any) -> str:
    """Return a word, a truth, or a plain number as TOML."""
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, float):
        return number_text(value)
    return json.dumps(value, ensure_ascii=False)


def toml_of_text(text: str) -> str:
    """Return what a quantity is written as, as TOML: in quotes, unless it is a whole number.

    >>> toml_of_text("30 M"), toml_of_text("512")
    ('"30 M"', '512')
    """
    return text if text.isdigit() else toml_of(text)


def toml_of_list(items: list[str]) -> str:
    """Return values that are TOML already as a list.

    >>> toml_of_list(['"50 %"', "1"])
    '["50 %", 1]'
    """
    return f"[{', '.join(items)}]"


def toml_of_table(items: Mapping[str, str]) -> str:
    """Return values that are TOML already as an inline table.

    >>> toml_of_table({"alpha": "2.2", "mean": "60"})
    '{ alpha = 2.2, mean = 60 }'
    """
    inner = ", ".join(f"{key} = {value}" for key, value in items.items())
    return f"{{ {inner} }}" if inner else "{}"


def _in_units(value: float, units: Mapping[str, float], *, base: str) -> str:
    for unit, size in sorted(units.items(), key=lambda each: -each[1]):
        times = round(value / size)
        if times and isclose(times * size, value, rel_tol=1e-12):
            return f"{times} {unit}"
    return f"{number_text(value / units[base])} {base}"
