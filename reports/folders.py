"""The folder that reports are written into."""

from __future__ import annotations

from pathlib import Path

from model.world.scenario import ScenarioError


def made(folder: Path) -> None:
    """Make a folder if it is not there; raise ScenarioError if it cannot be one."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ScenarioError(f"--into {folder}: {error.strerror}") from None
