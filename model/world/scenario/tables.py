"""What all tables of a scenario have in common."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class ScenarioError(ValueError):
    """A scenario that cannot mean anything; the message names (file,) key and what to write."""


class Table(BaseModel):
    """One table of a scenario: no unknown keys, and nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def said(default: Any, meaning: str, **limits: Any) -> Any:
    """Return a field with this default, what it means, and its limits."""
    return Field(default=default, description=meaning, **limits)


def asked(meaning: str, **limits: Any) -> Any:
    """Return a field that every scenario must give."""
    return Field(description=meaning, **limits)
