"""Scenario files: TOML with `extends` and overrides in, clear refusals and resolved TOML out."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import ValidationError

from model.world.fields.complaints import complaints_of
from model.world.scenario import Scenario, ScenarioError

FILE_BYTES_MAX = 1_000_000
EXTENDS_MAX = 8
WHOLES = ("mix", "regions")  # tables of shares that add up
# Files that a scenario may name; they are beside the file that names them.
NAMED_FILES = ("people.followers.edges", "traffic.recorded.file")

Tree = dict[str, Any]


def load_scenario(path: Path, overrides: Iterable[str] = ()) -> Scenario:
    """Read a scenario file, what it extends, and `key.path=value` overrides, in that order.

    Raises ScenarioError for everything that is wrong with any of them, all at once.
    """
    tree = _read_with_bases(path)
    for override in overrides:
        tree = _merged(tree, _with_whole_paths(_tree_of_override(override), path.parent))
    try:
        return Scenario.model_validate(tree)
    except ValidationError as error:
        raise ScenarioError(_explained(path, error)) from None


def files_of(path: Path) -> list[Path]:
    """Return a scenario's file, and those that it extends, the nearest first.

    Raises ScenarioError for a file that cannot be read, and for a chain that is too long.
    """
    return [file for file, _ in _with_bases(path)]


def resolved_toml(scenario: Scenario) -> str:
    """Return the scenario as one self-contained TOML text, every default written out."""
    return tomlkit.dumps(scenario.model_dump(mode="json", exclude_none=True))


def _read_with_bases(path: Path) -> Tree:
    """Return the file's tree, laid over the tree of the file that it extends."""
    tree: Tree = {}
    for _, own in reversed(_with_bases(path)):
        tree = _merged(tree, own)
    return tree


def _with_bases(path: Path) -> list[tuple[Path, Tree]]:
    """Return a file and those that it extends, each with its own tree, the nearest first."""
    read: list[tuple[Path, Tree]] = []
    following: Path | None = path
    while following is not None:
        tree = _with_whole_paths(_read_for(read, following), following.parent)
        read.append((following, tree))
        following = _base(tree.pop("extends", None), read)
    return read


def _base(base: object, read: list[tuple[Path, Tree]]) -> Path | None:
    """Return the file that the last of those read extends, if it does, and may."""
    if base is None:
        return None
    path, chain = read[-1][0], [file.resolve() for file, _ in read]
    base_path = path.parent / _text(base, path, "extends")
    if base_path.resolve() in chain:
        raise ScenarioError(f"{path}: extends: {base!r} extends this file in turn")
    if len(chain) >= EXTENDS_MAX:
        raise ScenarioError(f"{path}: extends: at most {EXTENDS_MAX} files in a chain")
    return base_path


def _read_for(read: list[tuple[Path, Tree]], path: Path) -> Tree:
    """Return what a file says that the last of those read extends, if any has been read."""
    try:
        return _read(path)
    except ScenarioError as error:
        by = f"{read[-1][0]}: extends: " if read else ""
        raise ScenarioError(f"{by}{error}") from None


def _read(path: Path) -> Tree:
    """Return what one TOML file says; it may begin with a mark of the byte order."""
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise ScenarioError(f"{path}: larger than {FILE_BYTES_MAX} bytes")
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ScenarioError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ScenarioError(f"{path}: is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{path}: is not TOML: {error}") from None
    except RecursionError:
        raise ScenarioError(f"{path}: is nested too deeply") from None


def _with_whole_paths(tree: Tree, folder: Path) -> Tree:
    """Return the tree with the files that it names found from anywhere, not only from `folder`."""
    for key in NAMED_FILES:
        value: Any = tree
        for name in key.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        if isinstance(value, str):
            if "\0" in value:
                raise ScenarioError(f"{key}: write the name of a file, got {value!r}")
            tree = _merged(tree, _nested(key, str((folder / value).absolute())))
    return tree


def _text(value: object, path: Path, key: str) -> str:
    if not isinstance(value, str):
        raise ScenarioError(f"{path}: {key}: write the name of a file, got {value!r}")
    return value


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> Tree:
    """Return `base` with the keys of `over` laid over it, table by table.

    Shares of a whole are replaced together: of two halves no third could be made.

    >>> _merged({"a": {"x": 1, "y": 2}}, {"a": {"y": 3}})
    {'a': {'x': 1, 'y': 3}}
    """
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping) and key not in WHOLES:
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
    return _nested(key, parsed)


def _nested(key: str, value: Any) -> Tree:
    """Return the tree that holds only this value.

    >>> _nested("traffic.rate", "80/s")
    {'traffic': {'rate': '80/s'}}
    """
    for name in reversed(key.split(".")):
        value = {name: value}
    return dict(value)


def _explained(path: Path, error: ValidationError) -> str:
    """Return one line per wrong key: file, key, what is wrong, nearest spelling."""
    return "\n".join(
        f"{path}: {where or 'scenario'}: {complaint}"
        for wrong in error.errors(include_url=False)
        for where, complaint in complaints_of(wrong)
    )
