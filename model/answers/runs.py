"""A run as a folder: what was asked, what came out, and what it was done with.

`scenario.resolved.toml` (the question, every default written out) · `result.json` (answers and
circumstances) · `report.md` (the same, to read) · one Parquet file per table of the recording ·
logs.  A folder is written under another name and renamed when it is complete, so that half of
one is never taken for a run.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from model.answers.briefs import markdown_of
from model.answers.circumstances import circumstances
from model.answers.recordings import Recording
from model.world.scenario import Scenario
from model.world.scenario_files import load_scenario, resolved_toml

SCHEMA_VERSION = 1
SAME_NAME_MAX = 100  # runs of one scenario in one second

Kind = Literal["measured", "simulated"]
# What others read of result.json, by the kind of run.
KEYS_OF: Mapping[str, tuple[str, ...]] = {
    "measured": ("window", "validity", "background_cpu"),
    "simulated": (),
}
KINDS: tuple[Kind, ...] = ("measured", "simulated")


class RunError(ValueError):
    """A folder that is not a run that this version can read; the message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run as it was saved; `result` is all of result.json."""

    folder: Path
    kind: Kind
    scenario: Scenario
    recording: Recording
    result: Mapping[str, Any]


def save_run(
    runs: Path,
    *,
    kind: Kind,
    scenario: Scenario,
    recording: Recording,
    started: datetime,
    result: Mapping[str, Any],
    beside: Mapping[str, str] = MappingProxyType({}),
) -> Path:
    """Write a run into a new folder of `runs`, and return that folder.

    `result` says what came out (`validity`, `summary` and whatever else belongs to the kind);
    circumstances are added to it here.  `started` carries a time zone.  `beside` are more text
    files, by name, such as logs.
    """
    runs.mkdir(parents=True, exist_ok=True)
    half = Path(tempfile.mkdtemp(prefix=".half-", dir=runs))
    try:
        toml = resolved_toml(scenario)
        (half / "scenario.resolved.toml").write_text(toml, encoding="utf-8")
        for name, text in beside.items():
            (half / name).write_text(text, encoding="utf-8")
        recording.save(half)
        whole = _heading(kind, scenario, started) | circumstances() | dict(result)
        said = json.dumps(whole, indent=2, allow_nan=False)
        (half / "result.json").write_text(said + "\n", encoding="utf-8")
        (half / "report.md").write_text(markdown_of(whole), encoding="utf-8")
        half.chmod(0o755)
        return _renamed(half, runs / _name(kind, scenario, started, toml))
    except BaseException:
        shutil.rmtree(half, ignore_errors=True)
        raise


def load_run(folder: Path) -> Run:
    """Read a run; RunError if it is none, is not whole, or is of an unknown version."""
    result = _result(folder)
    try:
        scenario = load_scenario(folder / "scenario.resolved.toml")
        recording = Recording.load(folder)
    except (OSError, ValueError) as error:
        raise RunError(f"{folder}: is not a whole run: {error}") from None
    missing = [key for key in KEYS_OF[result["kind"]] if key not in result]
    if missing:
        raise RunError(f"{folder}/result.json: lacks {', '.join(missing)}")
    return Run(
        folder=folder,
        kind=result["kind"],
        scenario=scenario,
        recording=recording,
        result=result,
    )


def _heading(kind: Kind, scenario: Scenario, started: datetime) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": kind,
        "scenario": scenario.name,
        "seed": scenario.seed,
        "started": started.astimezone(UTC).isoformat(timespec="milliseconds"),
        "ended": datetime.now(UTC).isoformat(timespec="milliseconds"),
    }


def _name(kind: Kind, scenario: Scenario, started: datetime, toml: str) -> str:
    """Return `<utc>-<name>-<kind>-<hash8>`; the hash is of the resolved scenario."""
    utc = started.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    hash8 = blake2b(toml.encode(), digest_size=4).hexdigest()
    return f"{utc}-{scenario.name}-{kind}-{hash8}"


def _renamed(half: Path, wanted: Path) -> Path:
    """Give a complete folder its name, or that name and a number if it is taken."""
    for number in range(1, SAME_NAME_MAX + 1):
        target = wanted if number == 1 else wanted.with_name(f"{wanted.name}-{number}")
        try:
            return half.rename(target)
        except OSError:
            if not target.exists():
                raise
    raise RunError(f"{wanted}: {SAME_NAME_MAX} runs have this name already")


def _result(folder: Path) -> Mapping[str, Any]:
    file = folder / "result.json"
    try:
        result: Any = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise RunError(f"{folder}: is not a run: result.json: {error.strerror}") from None
    except ValueError as error:
        raise RunError(f"{file}: is not JSON: {error}") from None
    if not isinstance(result, dict):
        raise RunError(f"{file}: is not a JSON object")
    version = result.get("schema_version")
    if version != SCHEMA_VERSION:
        raise RunError(f"{file}: schema_version must be {SCHEMA_VERSION}, got {version!r}")
    if result.get("kind") not in KINDS:
        raise RunError(
            f"{file}: kind must be one of {', '.join(KINDS)}, got {result.get('kind')!r}"
        )
    return result
