"""What a scenario file asks: its variants as they are simulated, and what is refused before."""

from pathlib import Path

import pytest

from model.answers.asked import refuse_unbuildable, scenario_in, variants_in
from model.answers.calibrations import load_calibration
from model.learnt import SHIPPED
from model.world.scenario import Endpoint, ScenarioError

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"
EXPECT = '[[expect]]\nthat = "{}"\nbelow = "{}"\n'
MINIMAL = (
    'name = "tiny"\nquick = ["simulation.duration=2 s"]\n[people]\nusers = "8 B"\n'
    '[traffic.recorded]\nfile = "requests.csv"\n'
)


@pytest.fixture
def file(tmp_path):
    """Write a scenario that extends the laptop's; returns what writes it."""

    def write(said="", head=""):
        path = tmp_path / "t.toml"
        path.write_text(f'extends = "{LAPTOP}"\nname = "tiny"\n{head}{said}', encoding="utf-8")
        return path

    return write


@pytest.fixture
def recorded(tmp_path):
    """Write a scenario of recorded pages and searches, one a second; returns what writes it."""
    rows = "".join(f"{at_s},{'search' if at_s % 4 == 0 else 'newsfeed'}\n" for at_s in range(1, 81))
    (tmp_path / "requests.csv").write_text(f"at_s,endpoint\n{rows}")

    def write(said=""):
        path = tmp_path / "recorded.toml"
        path.write_text(MINIMAL + said, encoding="utf-8")
        return path

    return write


def test_every_variant_has_the_mix_and_the_rate_of_what_it_has_recorded(recorded):
    asked = variants_in(recorded('[variants]\nfaster = ["traffic.recorded.faster=2"]\n'))
    assert [each.requests_per_s for each in asked.values()] == [1.0, 2.0]
    for scenario in asked.values():
        assert scenario.traffic.mix == {Endpoint.NEWSFEED: 0.75, Endpoint.SEARCH: 0.25}


def test_what_was_recorded_decides_what_may_be_expected_not_a_mix_that_is_given(recorded):
    mix = "[traffic.mix]\nnewsfeed = 0.5\nfollow = 0.5\n"
    variants_in(recorded(mix + EXPECT.format("search.p99", "1 s")))
    with pytest.raises(ScenarioError, match=r"expect.0: the answer has no number 'follow.p99'"):
        variants_in(recorded(mix + EXPECT.format("follow.p99", "1 s")))


def test_a_recording_that_is_not_there_is_refused(recorded, tmp_path):
    path = recorded()
    (tmp_path / "requests.csv").unlink()
    with pytest.raises(ScenarioError, match=r"recorded.toml: traffic.recorded: .*requests.csv"):
        variants_in(path)


def test_a_scenario_by_itself_is_as_recorded_too(recorded):
    assert scenario_in(recorded()).requests_per_s == 1.0
    assert scenario_in(recorded(), quick=True).simulation.duration == 2.0


def test_what_is_typed_outweighs_the_quick_form(file):
    path = file(head='quick = ["simulation.duration=2 s", "traffic.rate=7/s"]\n')
    typed = ["simulation.duration=3 s"]
    for scenario in (
        variants_in(path, typed, quick=True)["base"],
        scenario_in(path, typed, quick=True),
    ):
        assert (scenario.simulation.duration, scenario.requests_per_s) == (3.0, 7.0)


def test_where_something_is_wrong_in_a_variant_is_said_once(file):
    wrong = '["fleet.nonsense=1", "people.users=none"]'
    path = file(f"[variants]\nodd = {wrong}\n")
    with pytest.raises(ScenarioError) as refusal:
        variants_in(path)
    lines = str(refusal.value).splitlines()
    assert [line.count("t.toml") for line in lines] == [1, 1]
    assert all(line.startswith(f"{path}: variants.odd: ") for line in lines)
    assert any("variants.odd: fleet.nonsense: unknown key" in line for line in lines)


def test_all_that_is_wrong_with_expectations_is_said_at_once_a_line_each(file):
    said = (("newsfeed.p98", "1 s"), ("newsfeed.p99", "1 s"), ("newsfeed.p99", "5 %"))
    path = file("".join(EXPECT.format(*each) for each in said))
    with pytest.raises(ScenarioError) as refusal:
        variants_in(path)
    first, second = str(refusal.value).splitlines()
    assert first.startswith(f"{path}: expect.0: the answer has no number 'newsfeed.p98'")
    assert second.startswith(f"{path}: expect.2: below: newsfeed.p99: write a number and a unit")


@pytest.mark.parametrize("ask", [variants_in, scenario_in])
@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [("bla", "bla: write key.path=value"), ("traffic.rat=3/s", "traffic.rat: unknown key")],
)
def test_where_something_is_wrong_in_the_quick_form_quick_is_named(file, ask, wrong, complaint):
    path = file(head=f'quick = ["{wrong}"]\n')
    assert ask(path)
    with pytest.raises(ScenarioError) as refusal:
        ask(path, quick=True)
    assert str(refusal.value).startswith(f"{path}: quick: {complaint}")


def test_an_event_after_the_end_of_the_quick_form_is_refused_there(file):
    head = 'quick = ["simulation.duration=2 s"]\n'
    path = file('[[events]]\nkind = "broker-stop"\nat = "3 s"\n', head)
    assert variants_in(path)
    with pytest.raises(ScenarioError, match=r"t.toml: base, quick: events.0.at: the run ends 2 s"):
        variants_in(path, quick=True)


def test_what_is_wrong_with_a_recording_is_said_with_who_names_it(recorded, tmp_path):
    path = recorded('[variants]\nlost = ["traffic.recorded.file=nowhere.csv"]\n')
    said = f"{path}: variants.lost: traffic.recorded: {tmp_path / 'nowhere.csv'} cannot be read"
    with pytest.raises(ScenarioError) as refusal:
        variants_in(path)
    assert str(refusal.value).startswith(said)


def test_a_variant_that_cannot_be_simulated_is_told_by_name(file):
    path = file('[variants]\nthirds = ["simulation.slice=3"]\n')
    with pytest.raises(ScenarioError, match=r"t.toml: thirds: simulation.slice: one shared host"):
        refuse_unbuildable(path, variants_in(path), load_calibration(SHIPPED))
