"""Scenario files: TOML with `extends` and overrides in, clear refusals and resolved TOML out."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import BaseModel, ValidationError

from model.world.scenario import Scenario, ScenarioError

FILE_BYTES_MAX = 1_000_000
EXTENDS_MAX = 8

Tree = dict[str, Any]


def load_scenario(path: Path, overrides: Iterable[str] = ()) -> Scenario:
    """Read a scenario file, what it extends, and `key.path=value` overrides, in that order.

    Raises ScenarioError for everything that is wrong with any of them, all at once.
    """
    tree = _read_with_bases(path, seen=())
    for override in overrides:
        tree = _merged(tree, _tree_of_override(override))
    try:
        return Scenario.model_validate(tree)
    except ValidationError as error:
        raise ScenarioError(_explained(path, error)) from None


def resolved_toml(scenario: Scenario) -> str:
    """Return the scenario as one self-contained TOML text, every default written out."""
    return tomlkit.dumps(scenario.model_dump(mode="json", exclude_none=True))


def _read_with_bases(path: Path, seen: tuple[Path, ...]) -> Tree:
    """Return the file's tree, laid over the tree of the file that it extends."""
    tree = _read(path)
    base = tree.pop("extends", None)
    if base is None:
        return tree
    chain = (*seen, path.resolve())
    base_path = path.parent / _text(base, path, "extends")
    if base_path.resolve() in chain:
        raise ScenarioError(f"{path}: extends: {base!r} extends this file in turn")
    if len(chain) >= EXTENDS_MAX:
        raise ScenarioError(f"{path}: extends: at most {EXTENDS_MAX} files in a chain")
    return _merged(_read_with_bases(base_path, chain), tree)


def _read(path: Path) -> Tree:
    """Return what one TOML file says."""
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise ScenarioError(f"{path}: larger than {FILE_BYTES_MAX} bytes")
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ScenarioError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ScenarioError(f"{path}: is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{path}: is not TOML: {error}") from None
    except RecursionError:
        raise ScenarioError(f"{path}: is nested too deeply") from None


def _text(value: object, path: Path, key: str) -> str:
    if not isinstance(value, str):
        raise ScenarioError(f"{path}: {key}: write the name of a file, got {value!r}")
    return value


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> Tree:
    """Return `base` with the keys of `over` laid over it, table by table.

    >>> _merged({"a": {"x": 1, "y": 2}}, {"a": {"y": 3}})
    {'a': {'x': 1, 'y': 3}}
    """
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            merged[key] = _merged(old, value)
        else:
            merged[key] = value
    return merged


def _tree_of_override(override: str) -> Tree:
    """Return the tree that `key.path=value` stands for; a bare word is taken as text.

    >>> _tree_of_override("traffic.rate=80/s")
    {'traffic': {'rate': '80/s'}}
    """
    key, equals, value = override.partition("=")
    if not equals or not all(key.split(".")):
        raise ScenarioError(f"--set {override}: write key.path=value")
    try:
        parsed: Any = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        parsed = value
    except RecursionError:
        raise ScenarioError(f"--set {key}: is nested too deeply") from None
    for name in reversed(key.split(".")):
        parsed = {name: parsed}
    return dict(parsed)


def _explained(path: Path, error: ValidationError) -> str:
    """Return one line per wrong key: file, key, what is wrong, nearest spelling."""
    lines = []
    for wrong in error.errors(include_url=False):
        location = [str(part) for part in wrong["loc"]]
        message = wrong["msg"].removeprefix("Value error, ")
        if wrong["type"] == "extra_forbidden":
            message = "unknown key" + _nearest(location)
        elif wrong["type"] == "missing":
            message = "is missing"
        elif wrong["type"] == "enum":
            message = f"{message}, got {wrong['input']!r}"
        lines.append(f"{path}: {'.'.join(location) or 'scenario'}: {message}")
    return "\n".join(lines)


def _nearest(location: list[str]) -> str:
    """Return a hint at the known key that is spelt most like the last part of `location`."""
    table: type[BaseModel] | None = Scenario
    for part in location[:-1]:
        field = table.model_fields.get(part) if table else None
        table = _table_of(field.annotation if field else None)
    known = list(table.model_fields) if table else []
    close = get_close_matches(location[-1], known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(known)}"


def _table_of(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return None
