"""Numbers that steps go by: a law draws them, or the request brings them along."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from model.world.counts import CountLaw
from model.world.laws import Law


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """A number that the request brings along (its arrival says which), instead of a drawn one."""

    name: str


Time: TypeAlias = Law | Attribute
Count: TypeAlias = CountLaw | Attribute
Probability: TypeAlias = float | Attribute
