"""The verb that simulates a scenario, of what was recorded."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from feedtwin import command
from model.rules.exits import Exit

LAPTOP = Path(__file__).parents[2] / "scenarios" / "laptop.toml"
RUNS = '[simulation]\nwarmup = "1 s"\nduration = "3 s"\nreplications = 2\n'


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    """A scenario of recorded pages, four a second; runs are left beside it."""
    rows = "".join(f"{n / 4},newsfeed\n" for n in range(1, 20))
    (tmp_path / "requests.csv").write_text(f"at_s,endpoint\n{rows}")
    people = '[people]\nusers = "2 k"\nfollowers = { max = "1 k" }\n'
    said = 'name = "recorded"\n[traffic.recorded]\nfile = "requests.csv"\n'
    (tmp_path / "recorded.toml").write_text(said + people + RUNS)
    monkeypatch.chdir(tmp_path)
    return "recorded.toml"


def test_what_was_recorded_can_be_run_and_is_extrapolated_by_its_mean_rate(recorded):
    ran = CliRunner().invoke(command(), ["run", recorded, "--format", "csv", "--jobs", "1"])
    assert ran.exit_code == Exit.EXTRAPOLATED, ran.stderr
    assert "asked for 4/s" in ran.stderr
    [_, newsfeed] = ran.stdout.splitlines()
    assert newsfeed.startswith("newsfeed,24,0,4.0,")  # 12 after the warm-up, in each of two
    assert len(list(Path("runs").glob("*-recorded-simulated-*"))) == 1
