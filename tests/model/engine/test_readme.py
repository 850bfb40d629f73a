"""The pages that newcomers read: their examples run, and say what the pages say they do."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.answers.statistics import over_replications
from model.engine import compiled_engine
from model.engine.network import Network
from model.world.journeys import Step

ROOT = Path(__file__).parents[3]
GRAMMAR = ROOT / "model" / "engine" / "README.md"
BATCHES = 20


@pytest.fixture(scope="module", autouse=True)
def compiled():
    compiled_engine.prepare()


def examples_in(text):
    return re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def outcome_of(*examples):
    """What examples have left behind, run one after another."""
    names: dict[str, Any] = {}
    for example in examples:
        exec(compile(example, "README.md", "exec"), names)
    return names


def example_named(title):
    """The imports of the grammar's page, and the example that follows its title."""
    before, after = GRAMMAR.read_text().split(f"**{title}.**")
    return examples_in(before)[0], examples_in(after)[0]


def numbers_printed(capsys):
    """The numbers of each line that was printed."""
    return [[float(word) for word in line.split()] for line in capsys.readouterr().out.splitlines()]


def assert_is_mm1(run, capsys):
    """Whether customers stay 1 / (10 - 8) s on average: batches of a long run are replications."""
    latencies_s = run.latencies_s("customer", since_s=100.0)
    batches = np.array_split(latencies_s, BATCHES)
    mean_s = over_replications([batch.mean() for batch in batches], confidence=0.999)
    assert 1 / (10 - 8) in mean_s
    assert mean_s.half_width < 0.03
    [[printed_s]] = numbers_printed(capsys)
    assert printed_s == pytest.approx(0.5, abs=mean_s.half_width)


def test_the_first_example_is_the_queue_that_theory_knows(capsys):
    assert_is_mm1(outcome_of(*example_named("M/M/1"))["run"], capsys)


def test_so_is_that_of_the_first_page(capsys):
    [example] = examples_in((ROOT / "README.md").read_text())
    assert_is_mm1(outcome_of(example)["run"], capsys)


def test_a_search_without_its_slowest_shard_is_as_quick_as_the_page_says(capsys):
    outcome_of(*example_named("Fork-join"))
    (_, all_s), (_, but_one_s) = numbers_printed(capsys)
    [(all_ms, but_one_ms)] = re.findall(r"p99 down\s+from (\d+) to (\d+) ms", GRAMMAR.read_text())
    # To what other luck would change.
    assert all_s == pytest.approx(float(all_ms) / 1e3, rel=0.03)
    assert but_one_s == pytest.approx(float(but_one_ms) / 1e3, rel=0.03)


def test_a_budget_ends_the_storm_that_retries_keep_up(capsys):
    outcome_of(*example_named("Retries"))
    (storm, _), (calm, p99_s) = numbers_printed(capsys)
    assert storm == pytest.approx(0.5, abs=0.03)
    assert calm == pytest.approx(0.05, abs=0.01)
    assert 0.02 < p99_s < 0.2 * 3


def test_examples_are_short():
    for page in (GRAMMAR, ROOT / "README.md"):
        assert max(example.count("\n") for example in examples_in(page.read_text())) <= 10


def first_column(page):
    return set(re.findall(r"^\| `(\w+)` \|", page.read_text(), re.MULTILINE))


def test_every_step_has_its_line():
    kinds = {kind.__name__ for kind in Step.__args__}
    assert kinds <= first_column(GRAMMAR)


def test_every_part_of_a_network_has_its_line():
    parts = {name for name in vars(Network) if not name.startswith("_")}
    assert parts - {"journey", "build"} <= first_column(GRAMMAR)


def test_the_limits_are_those_of_the_engine():
    page = " ".join(GRAMMAR.read_text().split())
    assert f"{compiled_engine.WALKS_MAX:,} requests and legs under way" in page
    assert f"{compiled_engine.EVENTS_MAX:,} planned events" in page
    assert f"{compiled_engine.REQUESTS_KEPT_MAX:,} requests one by one" in page
    assert compiled_engine.VISITS_KEPT_MAX == compiled_engine.REQUESTS_KEPT_MAX


@pytest.mark.parametrize("page", [GRAMMAR, ROOT / "README.md"], ids=["grammar", "first"])
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text())
    assert links
    for link in links:
        assert (page.parent / link).exists(), f"{page}: {link}"
