"""The command line, where something is wrong that only an engine knows."""

import sys
from pathlib import Path

import pytest

import feedtwin

LAPTOP = Path(__file__).parents[2] / "scenarios" / "laptop.toml"


def test_a_fleet_that_no_engine_can_have_is_said_in_one_line(monkeypatch, capsys):
    words = ["run", str(LAPTOP), "--set", "fleet.gateway.instances=2 M"]
    monkeypatch.setattr(sys, "argv", ["feedtwin", *words])
    with pytest.raises(SystemExit) as left:
        feedtwin.main()
    assert left.value.code == 2
    said = capsys.readouterr().err.splitlines()
    assert "gateway" in said[-1]
    assert "1000000 at most" in said[-1]
