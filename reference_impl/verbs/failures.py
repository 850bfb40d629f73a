"""How a verb ends that did not do what it was asked to."""

from __future__ import annotations

from contextlib import AbstractContextManager

from model.answers.terminal import failures_leave_with
from model.rules.exits import Exit


def failures_as_exit_codes() -> AbstractContextManager[None]:
    """Say what went wrong in the block, and leave with the code for it."""
    from model.rules.policy import PolicyError
    from model.world.scenario import ScenarioError
    from reference_impl.chassis.settings import SettingsError
    from reference_impl.cluster.errors import ClusterError, Refused

    return failures_leave_with(
        {
            ScenarioError: Exit.USAGE,
            SettingsError: Exit.USAGE,
            PolicyError: Exit.USAGE,
            Refused: Exit.USAGE,
            ClusterError: Exit.UNHEALTHY,
        }
    )
