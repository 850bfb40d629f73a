from pathlib import Path

import pytest

from model.world.scenario import ScenarioError
from model.world.scenario_files import load_scenario, resolved_toml

LAPTOP = Path(__file__).parents[2] / "scenarios" / "laptop.toml"


@pytest.fixture
def file(tmp_path):
    def write(text, name="question.toml"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def test_a_resolved_scenario_reads_back_as_itself(file):
    scenario = load_scenario(LAPTOP)
    assert load_scenario(file(resolved_toml(scenario))) == scenario


def test_what_a_file_says_goes_before_what_it_extends_and_set_before_both(file):
    file(LAPTOP.read_text(), "base.toml")
    path = file('extends = "base.toml"\n[load]\nwarmup = "1 s"\nduration = "9 s"\n')
    scenario = load_scenario(path, ["load.duration=7 s"])
    assert (scenario.load.warmup, scenario.load.duration) == (1.0, 7.0)
    assert scenario.people.users == 2_000


@pytest.mark.parametrize(
    ("override", "complaint"),
    [
        ("traffic.rat=80/s", "question.toml: traffic.rat: unknown key; did you mean 'rate'?"),
        ("fleet.gatway.instances=3", "fleet.gatway: unknown key; did you mean 'gateway'?"),
        ("load.warmup=3", "load.warmup: write a number and a unit"),
        ("load.warmup=3 parsec", "load.warmup: write a number and a unit"),
        ("traffic.rate=80", 'such as "120/s"'),
        ("traffic.mix.newsfeed=0.5", "mix must add up to 1"),
        ("traffic.mix.newsfed=0", "mix.newsfed: unknown key; did you mean 'newsfeed'?"),
        ("traffic.mix.shout=0", "mix.shout: unknown key; known are register, login, post, follow"),
        ("traffic.requests_per_active_day=3", "give either rate or requests_per_active_day"),
        ("people.followers.max=5 k", "followers.max must be below users"),
        ("people.followers.mean=1 k", "followers.mean must not exceed max"),
        ("people.daily_active=140 %", "must be a share between 0 and 1"),
        ("people.users='1e999'", "must be finite"),
        ("seed", "write key.path=value"),
    ],
)
def test_a_wrong_value_is_named_with_its_file_and_key(file, override, complaint):
    base = 'extends = "base.toml"\n[people]\nfollowers = { alpha = 2.2, mean = 12, max = "900" }\n'
    file(LAPTOP.read_text(), "base.toml")
    with pytest.raises(ScenarioError) as refusal:
        load_scenario(file(base), [override])
    assert complaint in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("name = ", "is not TOML"),
        ('extends = "question.toml"', "extends this file in turn"),
        ("extends = 3", "write the name of a file"),
        ('extends = "nowhere.toml"', "nowhere.toml: cannot be read: No such file"),
        ("", "name: is missing"),
        ("x = " + "[" * 5_000, "question.toml: is n"),
        ("#" * 1_000_001, "larger than"),
    ],
)
def test_a_file_that_is_no_scenario_is_refused(file, text, complaint):
    with pytest.raises(ScenarioError) as refusal:
        load_scenario(file(text))
    assert complaint in str(refusal.value)


def test_a_file_that_cannot_be_extended_is_told_with_who_extends_it(file, tmp_path):
    file('extends = "nowhere.toml"', "base.toml")
    with pytest.raises(ScenarioError) as refusal:
        load_scenario(file('extends = "base.toml"'))
    base, nowhere = tmp_path / "base.toml", tmp_path / "nowhere.toml"
    assert str(refusal.value).startswith(f"{base}: extends: {nowhere}: cannot be read")


def test_a_mark_of_the_byte_order_says_nothing(tmp_path):
    path = tmp_path / "question.toml"
    path.write_bytes(b"\xef\xbb\xbf" + LAPTOP.read_bytes())
    assert load_scenario(path) == load_scenario(LAPTOP)


EDGES = '[people]\nfollowers = { edges = "graphs/edges.txt" }\n'


def test_a_file_that_a_scenario_names_is_beside_it(file, tmp_path, monkeypatch):
    file(LAPTOP.read_text(), "base.toml")
    path = file('extends = "base.toml"\n' + EDGES)
    monkeypatch.chdir(tmp_path.parent)
    scenario = load_scenario(path.relative_to(tmp_path.parent))
    assert scenario.people.followers.edges == str(tmp_path / "graphs" / "edges.txt")


def test_a_file_that_an_extended_scenario_names_is_beside_that_one(file, tmp_path):
    (tmp_path / "bases").mkdir()
    text = LAPTOP.read_text().replace("[people]", '[people]\nfollowers.edges = "edges.txt"')
    lines = [line for line in text.splitlines() if not line.startswith("followers =")]
    file("\n".join(lines), "bases/base.toml")
    scenario = load_scenario(file('extends = "bases/base.toml"\n'))
    assert scenario.people.followers.edges == str(tmp_path / "bases" / "edges.txt")


def test_a_file_that_is_set_is_beside_the_scenario_unless_its_whole_path_is_given(file, tmp_path):
    path = file(LAPTOP.read_text())
    beside = load_scenario(path, ["people.followers.edges=edges.txt"])
    assert beside.people.followers.edges == str(tmp_path / "edges.txt")
    elsewhere = load_scenario(path, ["people.followers.edges=/graphs/edges.txt"])
    assert elsewhere.people.followers.edges == "/graphs/edges.txt"


def test_a_recording_is_beside_the_scenario_too(file, tmp_path):
    text = LAPTOP.read_text().replace("rate =", 'recorded.file = "requests.csv"\n# rate =', 1)
    scenario = load_scenario(file(text))
    assert scenario.traffic.recorded.file == str(tmp_path / "requests.csv")


def test_a_resolved_scenario_names_files_from_anywhere(file, tmp_path):
    (tmp_path / "there").mkdir()
    scenario = load_scenario(file(LAPTOP.read_text()), ["people.followers.edges=edges.txt"])
    again = load_scenario(file(resolved_toml(scenario), "there/resolved.toml"))
    assert again.people.followers.edges == str(tmp_path / "edges.txt")


@pytest.mark.parametrize("key", ["people.followers.edges", "traffic.recorded.file"])
def test_what_cannot_be_the_name_of_a_file_is_refused(file, key):
    with pytest.raises(ScenarioError, match=f"{key}: write the name of a file"):
        load_scenario(file(LAPTOP.read_text()), [f'{key}="a\\u0000b"'])
    with pytest.raises(ScenarioError, match=f"{key}: write text, got 3"):
        load_scenario(file(LAPTOP.read_text()), [f"{key}=3"])


def test_there_may_never_be_fewer_instances_than_there_are(file):
    scaled = "fleet.user={instances=3, autoscaling={max=2}}"
    with pytest.raises(ScenarioError, match="max must be at least instances, got 2"):
        load_scenario(LAPTOP, [scaled])
