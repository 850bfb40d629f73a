"""The limits of a field in words: "from 1 to 4096", "above 0 s", "at most 100 of them"."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from model.world.fields.kinds import Kind
from model.world.fields.values import count_text


def limits_of(kind: Kind, metadata: Iterable[Any]) -> str:
    """Return in words what a field of this kind must keep to; "" if to nothing."""
    bounds = {
        name: getattr(each, name)
        for each in metadata
        for name in ("ge", "gt", "le", "lt", "min_length", "max_length", "pattern")
        if getattr(each, name, None) is not None
    }
    said = (
        ", ".join(f"`{choice}`" for choice in kind.choices),
        _between({name: kind.text(bounds[name]) for name in _WORDS if name in bounds}),
        _many({name: count_text(bounds[name]) for name in _SIZES if name in bounds}),
        f"matches `{bounds['pattern']}`" if "pattern" in bounds else "",
    )
    return "; ".join(words for words in said if words)


_WORDS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
_SIZES = {"min_length": "at least", "max_length": "at most"}


def _between(bounds: dict[str, str]) -> str:
    if bounds.keys() == {"ge", "le"}:
        return f"from {bounds['ge']} to {bounds['le']}"
    return ", ".join(f"{_WORDS[name]} {bound}" for name, bound in bounds.items())


def _many(sizes: dict[str, str]) -> str:
    words = " and ".join(f"{_SIZES[name]} {size}" for name, size in sizes.items())
    return f"{words} of them" if words else ""
