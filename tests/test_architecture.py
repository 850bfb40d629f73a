"""The arrows between the folders, and what each folder may not touch."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = ("model", "reference_impl", "loadtest", "reports", "feedtwin")
SCENARIO = {"model.world.scenario", "model.world.scenario_files"}
MAY_IMPORT = {
    "model/rules": {"model.rules"},
    "model/world": {"model.rules", "model.world"},
    "model/engine": {"model.rules", "model.world", "model.engine"},
    "model/answers": {"model"},
    "model": {"model"},
    "reference_impl": {"reference_impl", "model.rules", *SCENARIO},
    "loadtest": {"loadtest", "model", "reference_impl.cluster", "reference_impl.seeding"},
    "reports": {"reports", "loadtest", "model"},
}
# Two places see further than their folder: seeding draws the people of the scenario, and the
# verbs print their tables as every other verb does.
MAY_ALSO_IMPORT = {
    "reference_impl/seeding": {
        "model.world.population",
        "model.world.casting",
        "model.world.chance",
    },
    "reference_impl/cli.py": {"model.answers.tables", "model.answers.terminal"},
    "reference_impl/verbs": {"model.answers.tables", "model.answers.terminal"},
}
ONLY_IN = {"locust": "loadtest/generator", "gevent": "loadtest/generator"}


def sources_of(folder):
    sources = sorted((ROOT / folder).rglob("*.py"))
    assert sources, f"{folder} holds no Python: the arrow is not tested"
    return sources


def imports_of(source):
    """Yield the full name of everything that the module imports."""
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{source}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_inside(name, packages):
    return any(name == package or name.startswith(package + ".") for package in packages)


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_a_folder_imports_only_what_it_may(folder):
    for source in sources_of(folder):
        place = source.relative_to(ROOT).as_posix()
        further = (names for start, names in MAY_ALSO_IMPORT.items() if place.startswith(start))
        allowed = MAY_IMPORT[folder].union(*further)
        for name in imports_of(source):
            if is_inside(name, OURS):
                assert is_inside(name, allowed), f"{place} must not import {name}"


def test_rules_need_only_the_standard_library():
    for source in sources_of("model/rules"):
        for name in imports_of(source):
            root = name.split(".")[0]
            assert root in sys.stdlib_module_names or root == "model", f"{source} imports {name}"


def test_use_cases_reach_no_web_framework_and_no_driver():
    services = [path for path in sources_of("reference_impl") if path.name == "service.py"]
    assert services, "no service.py found: the arrow is not tested"
    for source in services:
        for name in imports_of(source):
            forbidden = ("aiohttp", "redis", "psycopg", "obstore")
            assert not is_inside(name, forbidden), f"{source} imports {name}"


@pytest.mark.parametrize("library", ONLY_IN)
def test_what_patches_the_interpreter_stays_in_its_own_process(library):
    for folder in ("model", "reference_impl", "loadtest", "reports"):
        for source in sources_of(folder):
            place = source.relative_to(ROOT).as_posix()
            if any(is_inside(name, [library]) for name in imports_of(source)):
                assert place.startswith(ONLY_IN[library]), f"{place} imports {library}"


def test_importing_model_loads_nothing_heavy():
    probe = "import sys, model, model.rules.timelines; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"numpy", "pandas", "pydantic", "simpy"} & set(loaded)
