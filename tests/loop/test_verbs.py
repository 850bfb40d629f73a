"""The verbs that ask the model, as a shell sees them: stdout, stderr, exit code."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from model.answers.runs import load_run

ROOT = Path(__file__).parents[2]
LAPTOP = str(ROOT / "scenarios" / "laptop.toml")


@pytest.fixture
def feedtwin(tmp_path):
    """Run the command in an empty folder."""

    def run(*words):
        done = subprocess.run(
            [sys.executable, "-c", "import feedtwin; feedtwin.main()", *map(str, words)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        return SimpleNamespace(code=done.returncode, out=done.stdout, err=done.stderr)

    return run


@pytest.fixture(scope="module")
def known(truth, tmp_path_factory):
    """A file with the known system's calibration."""
    file = tmp_path_factory.mktemp("known") / "calibration.json"
    truth.save(file)
    return file


SHORT = ("--set", "simulation.duration=4 s", "--set", "simulation.replications=2")


def test_checking_says_nothing_of_what_is_right(feedtwin):
    done = feedtwin("check", LAPTOP)
    assert (done.code, done.out, done.err) == (0, "", "")


def test_a_wrong_key_is_named_with_its_file_and_nearest_spelling(feedtwin):
    for verb in ("check", "show", "run", "up", "load"):
        done = feedtwin(verb, LAPTOP, "--set", "traffic.rat=3")
        assert done.code == 2
        assert done.out == ""
        assert "laptop.toml: traffic.rat: unknown key; did you mean 'rate'?" in done.err


def test_a_shown_scenario_is_a_scenario(feedtwin, tmp_path):
    shown = feedtwin("show", LAPTOP, "--set", "traffic.rate=9/s")
    (tmp_path / "shown.toml").write_text(shown.out)
    assert 'rate = "9.0/s"' in shown.out
    assert feedtwin("show", "shown.toml").out == shown.out


def test_running_prints_data_leaves_a_run_and_says_what_it_extrapolates(feedtwin, tmp_path, known):
    done = feedtwin("run", LAPTOP, "--calibration", known, "--format", "json", *SHORT)
    rows = {row["endpoint"]: row for row in json.loads(done.out)}
    assert 0 < rows["newsfeed"]["p50_s"] < rows["newsfeed"]["p99_s"]
    # The known system was another mix of requests: that is an extrapolation.
    assert done.code == 5
    assert "extrapolated: traffic: another mix of requests" in done.err
    [folder] = (tmp_path / "runs").iterdir()
    run = load_run(folder)
    assert run.kind == "simulated"
    assert run.result["extrapolated"] == ["traffic: another mix of requests"]
    assert "| newsfeed |" in (folder / "report.md").read_text()


def test_the_same_seed_gives_the_same_numbers(feedtwin, known):
    words = ("run", LAPTOP, "--calibration", known, "--format", "csv", *SHORT)
    assert feedtwin(*words, "--jobs", 1).out == feedtwin(*words, "--jobs", 2).out


def test_a_missed_target_ends_with_3(feedtwin, known, truth):
    mix = ", ".join(f"{kind.value}={n}" for kind, n in truth.learnt_on.traffic.mix.items())
    done = feedtwin(
        "run", LAPTOP, "--calibration", known, *SHORT, "--set", f"traffic.mix={{{mix}}}",
        "--set", "targets.general_p99=1 ms", "--set", "targets.newsfeed_p99=1 ms",
    )  # fmt: skip
    assert done.code == 3, done.err


@pytest.mark.parametrize(
    ("override", "complaint"),
    [
        ("simulation.slice=3", "simulation.slice: 3 does not divide gateway: 4096"),
        ("fleet.placement=shared", "simulation.slice: one shared host cannot be sliced"),
        ("fleet.search.shards=32", "simulation.slice: 64 does not divide search: 32"),
    ],
)
def test_a_slice_that_cannot_hold_the_question_is_refused(feedtwin, known, override, complaint):
    planet = ROOT / "scenarios" / "baseline.toml"
    sliced = ("--set", "simulation.slice=64", "--set", override)
    done = feedtwin("run", planet, "--calibration", known, *sliced)
    assert done.code == 2
    assert complaint in done.err


def test_learning_and_comparing_from_runs_on_disk(feedtwin, ladder, tmp_path):
    lower, higher = ladder[:2], ladder[3]
    learnt = feedtwin("calibrate", *(m.folder for m in lower), "--format", "csv")
    assert learnt.code == 0, learnt.err
    rows = list(csv.DictReader(io.StringIO(learnt.out)))
    assert {"newsfeed", "fanout"} <= {row["journey"] for row in rows}
    assert (tmp_path / "calibration.json").exists()

    compared = feedtwin("compare", higher.folder)
    assert compared.code in (0, 4), compared.err
    assert "newsfeed" in compared.out
    again = feedtwin("compare", lower[0].folder)
    assert again.code == 2
    assert "was learnt from" in again.err


def test_nothing_is_learnt_from_an_invalid_run(feedtwin, ladder):
    done = feedtwin("calibrate", ladder[2].folder)
    assert done.code == 2
    assert "the generator was late" in done.err


def test_what_is_no_run_and_no_calibration_is_said(feedtwin, tmp_path):
    assert "is not a run" in feedtwin("calibrate", tmp_path).err
    (tmp_path / "calibration.json").write_text("{}")
    done = feedtwin("run", LAPTOP)
    assert done.code == 2
    assert "calibration.json: is not a calibration" in done.err


def test_load_and_seed_need_services(feedtwin):
    for verb in ("load", "seed", "status"):
        words = (verb,) if verb == "status" else (verb, LAPTOP)
        done = feedtwin(*words)
        assert done.code == 6, done.err
        assert "nothing runs in .feedtwin" in done.err


def test_help_loads_nothing_heavy():
    heavy = {"numpy", "pandas", "matplotlib", "simpy", "aiohttp", "scipy", "psycopg", "redis"}
    probe = f"import sys, feedtwin; feedtwin.command(); print(*({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == ""


def test_where_nothing_was_learnt_the_shipped_calibration_serves_and_says_so(feedtwin):
    done = feedtwin("run", LAPTOP, "--set", "traffic.rate=30/s", *SHORT)
    assert done.code in (0, 4), done.err  # no code 5: it was learnt on this very scenario
    assert "no calibration.json here: using laptop.json" in done.err
