"""A run is a folder that is whole, says what it is, and is not mistaken for anything else."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, datetime, timedelta, timezone

import pytest

from model.answers import circumstances, runs
from model.answers.recordings import COLUMNS, Recording, table_of
from model.answers.runs import RunError, load_run, save_run
from model.world.scenario import Scenario

STARTED = datetime(2026, 11, 22, 12, 15, 0, tzinfo=timezone(timedelta(hours=2)))


@pytest.fixture
def scenario():
    return Scenario.model_validate(
        {
            "name": "small",
            "seed": 5,
            "people": {"users": 100, "followers": {"mean": 5, "max": 50}},
            "traffic": {"rate": "100/s", "mix": {"newsfeed": 0.5, "post": 0.5}},
        }
    )


@pytest.fixture
def recording():
    tables = {name: table_of(name, []) for name in COLUMNS}
    tables["requests"] = table_of("requests", [(0, "newsfeed", 0.0, 0.001, 0.02, 200, 512)])
    return Recording(**tables)


RESULT = {
    "validity": {"valid": True},
    "window": {"since_s": 0.0, "until_s": 1.0},
    "background_cpu": {},
}


@pytest.fixture
def save(tmp_path, scenario, recording):
    def save(**changes):
        given = {
            "kind": "measured",
            "scenario": scenario,
            "recording": recording,
            "started": STARTED,
            "result": RESULT,
        }
        return save_run(tmp_path / "runs", **(given | changes))

    return save


def test_what_was_saved_is_loaded_again(save, scenario, recording):
    run = load_run(save(beside={"generator.log": "quiet\n"}))
    assert run.kind == "measured"
    assert run.scenario == scenario
    assert run.recording.requests.equals(recording.requests)
    assert run.result["validity"] == {"valid": True}
    assert (run.folder / "generator.log").read_text() == "quiet\n"


def test_the_name_says_when_in_utc_what_and_how(save):
    assert re.fullmatch(r"20261122T101500Z-small-measured-[0-9a-f]{8}", save().name)


def test_the_hash_is_that_of_the_resolved_scenario(save, scenario):
    first, same, other = save(), save(kind="simulated"), save(scenario=scenario.at_rate(50.0))
    assert first.name[-8:] == same.name[-8:] != other.name[-8:]


def test_a_second_run_of_one_second_gets_a_folder_of_its_own(save):
    first, second = save(), save()
    assert second.name == f"{first.name}-2"
    assert load_run(first).recording.requests.equals(load_run(second).recording.requests)


@pytest.mark.parametrize("key", RESULT)
def test_a_measured_run_without_what_others_read_of_it_is_refused(save, key):
    folder = save(result={name: said for name, said in RESULT.items() if name != key})
    with pytest.raises(runs.RunError, match=f"lacks {key}"):
        load_run(folder)


def test_a_table_without_a_column_is_refused(save, recording):
    folder = save()
    recording.requests.drop(columns="status").to_parquet(folder / "requests.parquet")
    with pytest.raises(runs.RunError, match=r"requests\.parquet lacks status"):
        load_run(folder)


def test_the_names_of_one_second_run_out(save, monkeypatch):
    monkeypatch.setattr(runs, "SAME_NAME_MAX", 1)
    save()
    with pytest.raises(RunError, match="1 runs have this name already"):
        save()


def test_the_result_says_with_what_it_was_made(save):
    result = json.loads((save() / "result.json").read_text())
    assert result["started"] == "2026-11-22T10:15:00.000+00:00"
    assert datetime.fromisoformat(result["ended"]).tzinfo == UTC
    assert result["seed"] == 5
    assert result["packages"].keys() == set(circumstances.PACKAGES)
    assert result["machine"]["memory_bytes"] > 2**28
    assert result["machine"]["cores"] >= result["machine"]["cores_allowed"] >= 1


def test_a_run_that_cannot_be_written_leaves_nothing(save, tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        save(result={"p99_s": float("nan")})
    assert list((tmp_path / "runs").iterdir()) == []


def test_half_a_folder_has_no_name_of_a_run_while_it_is_written(save, tmp_path, monkeypatch):
    seen: list[str] = []
    written = Recording.save

    def save_and_look(recording, folder):
        seen.extend(path.name for path in (tmp_path / "runs").iterdir())
        written(recording, folder)

    monkeypatch.setattr(Recording, "save", save_and_look)
    save()
    [half] = seen
    assert half.startswith(".half-")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda result: result | {"schema_version": 2}, "schema_version must be 1, got 2"),
        (lambda result: {}, "schema_version must be 1, got None"),
        (lambda result: result | {"kind": "guessed"}, "kind must be one of .*, got 'guessed'"),
        (lambda result: [], "is not a JSON object"),
    ],
)
def test_a_result_of_another_kind_is_refused(save, change, complaint):
    file = save() / "result.json"
    file.write_text(json.dumps(change(json.loads(file.read_text()))))
    with pytest.raises(RunError, match=complaint):
        load_run(file.parent)


def test_text_that_is_not_json_is_refused(save):
    file = save() / "result.json"
    file.write_text("{")
    with pytest.raises(RunError, match="is not JSON"):
        load_run(file.parent)


@pytest.mark.parametrize("part", ["scenario.resolved.toml", "requests.parquet", "fanouts.parquet"])
def test_a_folder_without_one_of_its_parts_is_refused(save, part):
    folder = save()
    (folder / part).unlink()
    with pytest.raises(RunError, match="is not a whole run"):
        load_run(folder)


def test_a_table_that_is_cut_short_is_refused(save):
    folder = save()
    table = folder / "requests.parquet"
    table.write_bytes(table.read_bytes()[:100])
    with pytest.raises(RunError, match="is not a whole run"):
        load_run(folder)


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(RunError, match="is not a run"):
        load_run(tmp_path)


def test_without_git_the_revision_is_unknown(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda program: None)
    assert circumstances.revision() == "unknown"


def test_outside_a_repository_the_revision_is_unknown(monkeypatch, tmp_path):
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    assert circumstances.revision() == "unknown"


def test_a_package_that_is_not_installed_is_said_to_be_absent(monkeypatch):
    monkeypatch.setattr(circumstances, "PACKAGES", ("no-such-package",))
    assert circumstances.circumstances()["packages"] == {"no-such-package": "absent"}
