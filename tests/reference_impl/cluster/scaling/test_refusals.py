"""What cannot be scaled, and what is then left as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from reference_impl.cluster.clusters import Cluster
from reference_impl.cluster.errors import NotReady, Refused
from reference_impl.cluster.home import Home


def test_a_supervisor_that_is_gone_is_said(before, scale, monkeypatch):
    nowhere = property(lambda cluster: Path("/nowhere/supervisord.sock"))
    with monkeypatch.context() as patch:
        patch.setattr(Cluster, "supervisor_socket", nowhere)
        with pytest.raises(NotReady, match="the supervisor does not do it"):
            scale("timeline", 3)


def test_nobody_scales_what_somebody_starts_or_stops(before, scale, home):
    with Home(folder=home).locked(), pytest.raises(Refused, match="being started or stopped"):
        scale("timeline", 3)


def test_more_than_the_databases_take_are_refused_and_nothing_changes(before, scale, sight):
    with pytest.raises(Refused, match=r"64 instances of user would need .* at most"):
        scale("user", 64)
    sight.assert_is(before)


@pytest.mark.parametrize("count", [0, 65, -1])
def test_counts_out_of_bounds_are_refused(tmp_path, scale, count):
    with pytest.raises(Refused, match=rf"instances of timeline must be in 1\.\.64, got {count}"):
        scale("timeline", count, home=tmp_path / "nowhere")


@pytest.mark.parametrize("service", ["relay", "user_db", "timelin"])
def test_what_cannot_be_scaled_is_refused(tmp_path, scale, service):
    with pytest.raises(Refused, match=rf"service must be one of user, .*, got '{service}'"):
        scale(service, 2, home=tmp_path / "nowhere")


def test_where_nothing_runs_nothing_is_made(tmp_path, scale):
    with pytest.raises(NotReady, match="nothing runs in"):
        scale("timeline", 2, home=tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_engines_alone_cannot_be_scaled(engines, scale):
    with pytest.raises(Refused, match="only engines run here"):
        scale("timeline", 2, home=engines.cluster.home.folder)
