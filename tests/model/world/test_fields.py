"""The page of every field of a scenario, and what it says where a key is wrong."""

import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from feedtwin import command
from model.answers.calibrate import expected_demand
from model.answers.calibrations import Calibration
from model.answers.instances import InUse
from model.answers.numbers import numbers_of
from model.answers.readings import Reading, Timed
from model.answers.twin import twin_of
from model.world import quantities
from model.world.fields import values
from model.world.fields.names import NUMBERS, names
from model.world.fields.page import INTRODUCTION, markdown_of_fields, markdown_table
from model.world.fields.rows import ASKED, BELOW, LEFT_OUT, example_of, fields_of
from model.world.fields.tables import kind_of_table
from model.world.laws import gamma
from model.world.scenario import Scenario, ScenarioError
from model.world.scenario.tables import Table
from model.world.scenario_files import load_scenario
from model.world.topology import topology_of
from model.world.traffic.recordings.routes import ANY, endpoint_of

SCENARIOS = Path(__file__).parents[3] / "scenarios"
ROWS = fields_of(Scenario)
BLOCKS = re.findall(r"^```toml\n(.*?)^```", INTRODUCTION.read_text(), re.DOTALL | re.MULTILINE)
INSTEAD_OF_A_RATE = ("traffic.requests_per_active_day", "traffic.recorded")
BESIDE = {"expect": {"below": "1 s"}}  # what must be given, though no field of its own must

every_field = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.path)


def toml(text):
    return tomllib.loads(f"value = {text}")["value"]


def filled(row, text):
    """The smallest scenario with one field written so, or left out if `text` is None."""
    tree = tomllib.loads(BLOCKS[0])
    tree["people"]["users"] = "8 B"
    if row.path.startswith(INSTEAD_OF_A_RATE):
        del tree["traffic"]["rate"]
    table = table_in(tree, row)
    table |= toml(example_of(row.table)) | BESIDE.get(row.place, {}) | table
    table.pop(row.name, None)
    if text is not None:
        table[row.name] = toml(text)
    return tree


def table_in(tree, row):
    """The table of the scenario that a field stands in, made where there is none."""
    if row.in_list:
        item: dict[str, object] = {}
        tree[row.place.removesuffix(f".{kind_of_table(row.table)}")] = [item]
        return item
    for name in filter(None, row.place.split(".")):
        tree = tree.setdefault(name, {})
    return tree


def complaints(tree):
    """The keys that a scenario is refused for, without items and kinds."""
    try:
        Scenario.model_validate(tree)
    except ValidationError as error:
        return [
            ".".join(str(part) for part in wrong["loc"] if part != 0) for wrong in error.errors()
        ]
    return []


def test_the_committed_page_is_what_the_code_generates():
    written = (SCENARIOS / "FIELDS.md").read_text(encoding="utf-8")
    assert written == markdown_of_fields(), "write it anew: feedtwin fields > scenarios/FIELDS.md"


def test_the_verb_prints_the_page():
    printed = CliRunner().invoke(command(), ["fields"])
    assert (printed.exit_code, printed.stdout) == (0, markdown_of_fields())


@every_field
def test_every_field_says_what_it_means_and_what_to_write(row):
    assert row.meaning, "give it a meaning, or its table a docstring"
    assert row.noun
    assert row.example


def test_no_field_is_left_out():
    def leaves(table, place):
        for name, value in table:
            yield f"{place}{name}"
            if isinstance(value, Table):
                yield from leaves(value, f"{place}{name}.")

    shown = {row.path for row in ROWS}
    assert set(leaves(Scenario.model_validate(tomllib.loads(BLOCKS[0])), "")) <= shown
    assert {"events.add-shards.shards", "traffic.day.starts_at", "expect.that"} <= shown


@every_field
def test_every_example_can_be_written_in_a_scenario(row):
    assert complaints(filled(row, row.example)) == []


@every_field
def test_what_a_field_is_if_left_out_is_what_the_page_says(row):
    if row.default == ASKED:
        assert complaints(filled(row, None)) == ["events" if row.name == "kind" else row.path]
    elif row.default not in (BELOW, LEFT_OUT):
        written, left_out = (Scenario.model_validate(filled(row, t)) for t in (row.default, None))
        assert written == left_out


RANGES = [row for row in ROWS if row.limits.startswith("from ")]


@pytest.mark.parametrize("row", RANGES, ids=lambda row: row.path)
def test_the_ends_of_a_range_are_in_it_and_what_is_beyond_is_not(row):
    ends = row.limits.removeprefix("from ").split(" to ")
    for end in ends:
        assert row.path not in complaints(filled(row, written(row, end)))
    number = re.findall(r"^[0-9.]+", ends[1])[0]
    beyond = ends[1].replace(number, f"{float(number) + 1:g}")
    assert row.path in complaints(filled(row, written(row, beyond)))


def written(row, text):
    """The end of a range, which the page gives without quotes, as TOML."""
    return text if row.noun == "a number" else values.toml_of_text(text)


@pytest.mark.parametrize(
    ("path", "limits"),
    [
        ("people.followers.alpha", "above 1.5, below 4"),
        ("people.image_size", "from 1 kB to 8 MB"),
        ("events.image-flood.size", "from 1 kB to 8 MB"),
        ("load.warmup", "from 0 s to 1 h"),
        ("availability.zone.every", "at least 1 min"),
        ("targets.available", "above 0 %, below 100 %"),
        ("targets.measured_at", '`"gateway"`, `"client"`'),
        ("fleet.regions", "at least 1 and at most 8 of them"),
        ("events", "at most 100 of them"),
        ("name", "matches `^[a-z0-9][a-z0-9-]{0,63}$`"),
    ],
)
def test_limits_are_in_words_and_units(path, limits):
    assert {row.path: row.limits for row in ROWS}[path] == limits


def test_a_table_that_is_left_out_may_be_another_than_an_empty_one():
    defaults = {row.path: row.default for row in ROWS}
    assert (defaults["fleet.user"], defaults["fleet.user.instances"]) == (BELOW, "1")
    assert (defaults["fleet.gateway"], defaults["fleet.gateway.instances"]) == (
        "{ instances = 2 }",
        "1",
    )


def test_no_line_ends_within_a_cell():
    lines = markdown_of_fields().splitlines()
    assert all(line.endswith("|") for line in lines if line.startswith("|"))
    assert not any("\n" in row.meaning for row in ROWS if row.name == "kind")


def test_a_bar_does_not_end_a_cell():
    assert markdown_table(("a",), [("x|y",)]).splitlines()[-1] == r"| x\|y |"


@pytest.mark.parametrize(
    ("read", "write", "bases"),
    [
        (quantities.parse_seconds, values.seconds_text, (0.0, 5e-4, 0.5, 90.0, 1e4 / 3, 2_592_000)),
        (quantities.parse_bytes, values.bytes_text, (0, 1, 20_480, 2_000_001, 64 * 2**30, 10**15)),
        (quantities.parse_count, values.count_text, (0, 999, 1_500, 30_000_000, 10**10)),
        (quantities.parse_per_s, values.per_s_text, (0.5, 120.0, 50e6)),
        (quantities.parse_share, values.share_text, (0.0, 0.655, 0.9999, 1.0)),
    ],
)
def test_quantities_are_read_back_as_what_they_were(read, write, bases):
    assert [read(write(base)) for base in bases] == pytest.approx(bases, rel=1e-11)


@pytest.fixture
def files(tmp_path):
    """The complete scenarios that the page shows, side by side."""
    for number, block in enumerate(BLOCKS):
        (tmp_path / ("minimal.toml" if number == 0 else f"{number}.toml")).write_text(block)
    return sorted(tmp_path.iterdir())


def twin(scenario):
    """The twin of a scenario, as if every visit took a millisecond of work."""
    works = {pair: gamma(mean=0.001, scv=1) for pair in expected_demand(scenario)}
    learnt = Calibration(
        works=works, outside_s={}, spread={}, rate_min_per_s=1, rate_max_per_s=1_000,
        learnt_on=scenario, runs=(),
    )  # fmt: skip
    return twin_of(scenario, learnt)


def test_every_scenario_on_the_page_and_its_variants_are_simulated_as_they_stand(files):
    assert len(files) == 2
    for file in files:
        for overrides in ((), *load_scenario(file).variants.values()):
            scenario = load_scenario(file, (*load_scenario(file).quick, *overrides))
            assert twin(scenario).journeys


def test_the_requests_and_activities_that_the_page_names_are_those_of_a_twin_that_has_all():
    journeys = twin(load_scenario(SCENARIOS / "laptop.toml")).journeys
    assert {*names()["request"], *names()["activity"]} == set(journeys)


def test_the_numbers_that_may_be_expected_are_those_of_an_answer(files):
    asked = load_scenario(files[0])
    began_s, attempts = np.linspace(0, 35, 4_000), np.ones(4_000, dtype=np.int32)
    timed = Timed(began_s=began_s, took_s=np.full(4_000, 0.1), attempts=attempts)
    copies = ("replication.user_db", "replica.user_db")
    reading = Reading(
        requests={"newsfeed": timed, "celebrity_0": timed},
        lags=dict.fromkeys(("celebrity_0_fanout", "fanout", *copies), timed),
        unended=dict.fromkeys(("celebrity_0_fanout", "fanout"), timed),
        busy={"gateway": 0.1},
        busiest={"gateway": 0.1},
        unreplicated={"user_db": 0.1},
        lost={"user_db": 1.0},
        instances={"gateway": InUse(at_s=np.zeros(1), count=np.ones(1, dtype=np.int64))},
    )
    known = numbers_of(asked, [reading] * 4)
    words = {"request": "newsfeed", "activity": "fanout", "station": "gateway"}
    words |= {"store": "user_db"}
    assert all(word in names()[what] for what, word in words.items())
    words |= {"N": "0"}  # of an event
    for name in NUMBERS:
        assert re.sub("<(.*)>", lambda what: words[what[1]], name) in known
    assert {expectation.that for expectation in asked.expect} <= known.keys()


def test_messages_count_tables_and_zones_as_the_page_says(files):
    assert "tables of a list are counted from 0" in markdown_of_fields()
    with pytest.raises(ScenarioError) as refusal:
        load_scenario(files[-1], ["events=[{kind='zone-loss', zone=0}]"])
    said = "events.0.zone-loss.zone: must be at least 1, got 0"
    assert said in str(refusal.value)


def test_every_route_that_is_told_by_is_on_the_page_and_is_of_the_request_that_it_says():
    found = re.findall(r"^\| `([A-Z]+) (/\S+)` \| `(\w+)` \|$", markdown_of_fields(), re.MULTILINE)
    for method, path, request in found:
        assert endpoint_of(method, path.replace(ANY, "17")).value == request
    assert {request for *_, request in found} == {*names()["request"]}


@pytest.mark.parametrize(
    ("overrides", "counts"),
    [
        (("fleet.placement=shared",), {"relay": 1, "broker": 1, "session_store": 1}),
        (("fleet.placement=dedicated",), {"relay": 12, "broker": 3, "session_store": 4}),
    ],
)
def test_stations_without_a_field_are_as_many_as_the_page_says(files, overrides, counts):
    fleet = (
        "fleet.user_store.shards=5", "fleet.post_store.shards=7", "fleet.fanout.instances=3",
        "fleet.gateway.instances=4", "fleet.media.instances=6", "fleet.user.instances=8",
        "fleet.search.shards=9",
    )  # fmt: skip
    stations = topology_of(load_scenario(files[0], (*fleet, *overrides)).fleet)
    counts |= {"object_store": 6, "darkroom": 6, "password": 8, "search_index": 9}
    assert {name: stations.station(name).size for name in counts} == counts
    assert all(f"`{name}`" in INTRODUCTION.read_text() for name in counts)


KINDS = "crash, slow, zone-loss, region-loss, broker-stop, cache-wipe, message-loss, image-flood"


@pytest.mark.parametrize(
    ("override", "complaint"),
    [
        ("events=[{kind='crush'}]", f"events.0.kind: must be one of {KINDS}"),
        ("events=[{kind='crush'}]", "got 'crush'; did you mean 'crash'?"),
        ("events=[{kind=3}]", "add-shards, got 3"),
        ("events=[{at='1 s'}]", f"events.0.kind: is missing; known are {KINDS}"),
        ("events=['crash']", "events.0: write a table, got 'crash'"),
        ("events=3", "events: write a list, got 3"),
        (
            "events=[{kind='crash', staton='user'}]",
            "events.0.crash.staton: unknown key; did you mean 'station'?",
        ),
        (
            "expect=[{tat='newsfeed.p99'}]",
            "expect.0.tat: unknown key; did you mean 'that'?",
        ),
        ("traffic.day.peek_hour=3", "did you mean 'peak_hour'?"),
        ("fleet.web.autoscaling.most=3", "known are max, busy_target, every, start_up"),
        ("people=3", "people: write a table, got 3"),
        (
            "expect=[{that='newsfeed.p99', below='1 s', above='2 s'}]",
            "expect.0: below must not be less than above, got '1 s' and '2 s'",
        ),
        ("fleet.zones=0", "fleet.zones: must be at least 1, got 0"),
        ("fleet.search.shards=5000", "fleet.search.shards: must be at most 4096, got 5000"),
        ("simulation.duration=0 s", "simulation.duration: must be above 0 s, got '0 s'"),
        ("people.image_size=1 B", "people.image_size: must be at least 1 kB, got '1 B'"),
        ("people.posting.never=1", "people.posting.never: must be below 100 %, got 1"),
        ("load.levels=[]", "load.levels: write at least 1 of them, got 0"),
        ("load.levels=['0/s']", "load.levels.0: must be above 0, got '0/s'"),
        (f"quick={['a=1'] * 51}", "quick: write at most 50 of them, got 51"),
        ("quick=[3]", "quick.0: write text, got 3"),
        ("seed=1.5", "seed: write a whole number, got 1.5"),
        ("seed=many", "seed: write a whole number, got 'many'"),
        ("people.followers.alpha=steep", "people.followers.alpha: write a number, got 'steep'"),
        ("people.followers.alpha=nan", "people.followers.alpha: write a finite number, got nan"),
        ("policy.rate_limits=maybe", "policy.rate_limits: write true or false, got 'maybe'"),
        ("traffic.arrivals=x", "traffic.arrivals: must be one of 'poisson' or 'sessions', got 'x'"),
        ("policy.strategy=shove", "policy.strategy: must be one of 'push', 'pull', 'hybrid'"),
        ("name=My Own", "name: must match ^[a-z0-9][a-z0-9-]{0,63}$, got 'My Own'"),
    ],
)
def test_a_wrong_key_is_explained_wherever_it_stands(files, override, complaint):
    with pytest.raises(ScenarioError) as refusal:
        load_scenario(files[-1], [override])
    assert complaint in str(refusal.value)


def test_a_list_that_lacks_only_what_is_wrong_in_it_is_not_called_too_short(files):
    with pytest.raises(ScenarioError) as refusal:
        load_scenario(files[0], ['people.followers.quantiles=[["50 %", "x"], ["100 %", 9]]'])
    [line] = str(refusal.value).splitlines()
    assert "people.followers.quantiles.0.1: write a number" in line


def test_of_a_wrong_value_only_the_beginning_is_shown(files):
    with pytest.raises(ScenarioError) as refusal:
        load_scenario(files[0], [f"seed={'x' * 1_000}"])
    assert len(str(refusal.value)) < len(str(files[0])) + 120


def test_all_expectations_of_variants_that_are_not_there_are_told_a_line_each(files):
    one, other = "{that='newsfeed.p99', below='1 s', variant='x'}", "{that='all.late', below='1', "
    with pytest.raises(ScenarioError) as refusal:
        load_scenario(files[0], [f"expect=[{one}, {other}times='y'}}]"])
    lines = str(refusal.value).splitlines()
    assert [line.rpartition(": ")[2] for line in lines] == [
        f"there is no variant {name!r}, only base, pull, wide" for name in ("x", "y")
    ]
    assert all(line.startswith(f"{files[0]}: scenario: expect.") for line in lines)
