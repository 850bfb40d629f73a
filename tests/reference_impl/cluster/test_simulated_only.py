"""What only the simulation knows is not brought up as if it were there."""

from pathlib import Path

import pytest

from model.world.scenario_files import load_scenario
from reference_impl.cluster import lifecycle
from reference_impl.cluster.errors import Refused
from reference_impl.cluster.simulated_only import refuse_simulated_only

LAPTOP = Path(__file__).parents[3] / "scenarios" / "laptop.toml"


@pytest.mark.parametrize(
    ("override", "named"),
    [
        ("fleet.user_store.replicas=2", "fleet.user_store.replicas"),
        ("fleet.user.autoscaling={max=3}", "fleet.user.autoscaling"),
        ("events=[{kind='broker-stop'}]", "events.0 (broker-stop)"),
        ("policy.protections.retries=1", "policy.protections"),
        ("traffic.retries.times=1", "traffic.retries"),
        ("targets.measured_at=client", "targets.measured_at"),
    ],
)
def test_what_only_the_simulation_knows_is_refused_by_name(override, named):
    with pytest.raises(Refused) as refusal:
        refuse_simulated_only(load_scenario(LAPTOP, [override]))
    assert f"only the simulation knows {named}:" in str(refusal.value)


def test_what_comes_with_the_load_is_there_for_real_too():
    crowd = "events=[{kind='flash-crowd', times=3, lasts='5 s'}]"
    refuse_simulated_only(load_scenario(LAPTOP, [crowd]))


def test_nothing_is_begun_for_such_a_scenario(tmp_path):
    stopped = load_scenario(LAPTOP, ["events=[{kind='broker-stop'}]"])
    with pytest.raises(Refused, match="broker-stop"):
        lifecycle.up(
            stopped, tmp_path / "home", server_timing=False, cpus=None, report=lambda _: None
        )
    assert not (tmp_path / "home").exists()
