"""The folder that reports are written into, and what is written there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from model.world.scenario import ScenarioError


def places_in(folder: Path, scenarios: Sequence[Path]) -> list[Path]:
    """Return where the report of each scenario belongs in a folder, which is made.

    Raises ScenarioError where it cannot be written, or two would be written to the same place.
    """
    made(folder)
    places = [folder / f"{file.stem}.md" for file in scenarios]
    for place in places:
        if places.count(place) > 1:
            raise ScenarioError(f"--into {place}: two scenarios would be reported there")
        if place.is_dir():
            raise ScenarioError(f"--into {place}: is a folder")
    return places


def made(folder: Path) -> None:
    """Make a folder if it is not there; raise ScenarioError if it cannot be one."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ScenarioError(f"--into {folder}: {error.strerror}") from None


def put(file: Path, text: str) -> None:
    """Write a file, and its folder if it is not there; raise ScenarioError if it cannot be."""
    made(file.parent)
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ScenarioError(f"--into {file}: {error.strerror}") from None
