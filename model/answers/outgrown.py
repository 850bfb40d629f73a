"""What is said of a run that outgrows what an engine holds: of which part, and what to shorten."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from model.engine.limits import TooMuch
from model.world.scenario import Scenario, ScenarioError

_FOR_CALLERS = ": run with keep_visits=False"  # which those of a slice cannot


@contextmanager
def too_much_refused(scenario: Scenario) -> Iterator[None]:
    """Turn what there is too much of in a run of the scenario into a ScenarioError."""
    try:
        yield
    except TooMuch as error:
        runs = scenario.simulation
        part = f"1/{runs.slice} of the fleet" if runs.slice > 1 else "the whole fleet"
        why = str(error).removesuffix(_FOR_CALLERS)
        raise ScenarioError(
            f"{scenario.name}: {part} is more than one run holds ({why}): shorten"
            f" simulation.duration, which is {runs.duration:g} s, or raise simulation.slice"
        ) from None
