"""The simulated twin of a scenario: its fleet, people and traffic as a Program."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from model.answers.calibrations import Calibration
from model.answers.fleets import limit_elsewhere, network_of
from model.answers.inflow import background_in, coming, floods, let_in
from model.answers.one_by_one import Arrivals, recorded_in, warm_edges
from model.engine.program import Program
from model.world.celebrities import celebrity_journeys, is_of_celebrity
from model.world.design import journeys_of
from model.world.edges import filling_of
from model.world.floods import flood_journeys
from model.world.happenings import are_timelines_away, changes_s, failures_of
from model.world.hot_shards import hot_of
from model.world.incoming import means_of, with_moments
from model.world.journeys import Emit, Journey
from model.world.kept_lists import kept_lists_of
from model.world.kinds import Kinds
from model.world.parts import Parts
from model.world.reach import reach_of
from model.world.scenario import Endpoint, Scenario, ScenarioError
from model.world.slices import CLOCK, Slice
from model.world.slicing import sliced
from model.world.step_trees import places_in
from model.world.topology import simulated_topology
from model.world.wiring import wiring_of

REQUESTS_MAX = 2_000_000  # of one replication: every visit of each is kept and looked at
BACKGROUND_MAX = 10_000_000  # beside them, of a leg or a few each


def twin_of(
    scenario: Scenario,
    calibration: Calibration,
    arrivals: Arrivals | None = None,
    *,
    cut: Slice | None = None,
    is_guarded: bool = False,
) -> Program:
    """Return 1/`simulation.slice` of the scenario as a Program, with the works learnt.

    `cut` is its `cut_of`, for whoever has it already: people are drawn for it.  Requests come at
    the instants of `arrivals`, or as the scenario's traffic says if there are none; what happens
    meanwhile are its events.  It `is_guarded` by limits and deadlines, or as `wiring_of` says;
    so is the `cut`.

    Shards and instances become fewer and stay as they are, and so do requests; of wide ones only
    those legs are there that touch the slice, and others bring theirs (`world.slices`).  What it
    shows is to be `completing.completed`.  Raises ScenarioError for what cannot be sliced.
    """
    cut = cut or cut_of(scenario, calibration, is_guarded=is_guarded)
    topology = simulated_topology(scenario)
    network = network_of(scenario, topology, wiring_of(scenario, is_guarded=is_guarded))
    if cut.of > 1:
        network.station(CLOCK, replicas=scenario.fleet.zones)  # one is up wherever anybody is
    if are_timelines_away(scenario):
        _refuse_sliced(
            cut,
            "where timelines are away: pages fall back to their authors, which a slice does not"
            " show",
        )
    if cut.hot is not None:
        limit_elsewhere(network, scenario, topology)
    for failure in failures_of(scenario, topology):
        network.failure(failure)
    if arrivals is not None:
        _refuse_sliced(cut, "where requests are given one by one")
        asked = recorded_in(network, scenario, arrivals)
    else:
        _refuse_endless(scenario, cut)
        if kept_lists_of(scenario) is not None:
            _refuse_cold(scenario)
        asked = let_in(network, scenario, cut) | background_in(network, scenario, cut)
    asked |= warm_edges(network, scenario)
    everything = (*cut.journeys, *(background.journey for background in cut.backgrounds))
    for journey in _reached(everything, asked):
        network.journey(journey)
    return network.build()


def cut_of(scenario: Scenario, calibration: Calibration, *, is_guarded: bool = False) -> Slice:
    """Return what is in 1/`simulation.slice` of the scenario; of 1, all of it."""
    slice_of = scenario.simulation.slice
    members = {station.name: station.members for station in simulated_topology(scenario).stations}
    journeys = twin_journeys(scenario, calibration, is_guarded=is_guarded)
    parts = Parts(members=members, of=slice_of, hot=hot_of(scenario))
    single = [journey.name for journey in journeys if is_of_celebrity(journey.name)]
    whole = sliced(journeys, parts, means=means_of(scenario), single=single)
    return replace(whole, changes_s=changes_s(scenario))


def twin_journeys(
    scenario: Scenario, calibration: Calibration, *, is_guarded: bool = False
) -> tuple[Journey, ...]:
    """Return the design's journeys with the scenario's widths, its wiring and the works learnt."""
    learnt, image_bytes = calibration.entries_learnt, calibration.learnt_on.people.image_size
    reach = with_moments(scenario, reach_of(scenario))
    reach = replace(reach, entries_learnt=learnt, kept_lists=kept_lists_of(scenario))
    wiring = wiring_of(scenario, is_guarded=is_guarded)
    if floods(scenario) and Endpoint.POST not in scenario.traffic.mix:
        raise ScenarioError("events: an image-flood needs posts in traffic.mix")

    def journeys_with(kinds: Kinds) -> tuple[Journey, ...]:
        of = replace(reach, kinds=replace(kinds, learnt_bytes=image_bytes))
        return journeys_of(of, calibration.work_of, calibration.delay_of, wiring)

    celebrities = celebrity_journeys(scenario, reach, calibration.work_of, wiring)
    floods_own = flood_journeys(scenario, journeys_with)
    popular = scenario.fleet.cdn.popular
    warming = () if popular is None else (filling_of(scenario, popular),)
    return (*journeys_with(reach.kinds), *floods_own, *celebrities, *warming)


def _reached(journeys: Sequence[Journey], asked: Collection[str]) -> Iterator[Journey]:
    """Yield the journeys that are asked for, and those that they start."""
    places = {journey.name: list(places_in(journey.name, journey.steps)) for journey in journeys}
    reached, ahead = set[str](), list(asked)
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            steps = (place.step for place in places[name])
            ahead += [step.journey for step in steps if isinstance(step, Emit)]
    yield from (journey for journey in journeys if journey.name in reached)


def _refuse_sliced(cut: Slice, why: str) -> None:
    if cut.of > 1:
        raise ScenarioError(f"simulation.slice: must be 1 {why}")


def _refuse_endless(scenario: Scenario, cut: Slice) -> None:
    """Refuse a run that nobody would live to see the end of."""
    requests = coming(scenario)
    elsewhere = sum(cut.background_per_s(background, requests) for background in cut.backgrounds)
    for what, most, count in (
        ("requests", REQUESTS_MAX, sum(requests.values()) / cut.of),
        ("requests of elsewhere", BACKGROUND_MAX, elsewhere),
    ):
        if count > most:
            raise ScenarioError(
                f"simulation: at most {most:,} {what} in one replication, asked for"
                f" {count:,.0f}: lower the rate or the duration, or raise the slice"
            )


def _refuse_cold(scenario: Scenario) -> None:
    """Refuse a run that counts before processes keep as many lists as they ever do."""
    kept_s, warmup_s = scenario.policy.of_feeds.lists_kept_s, scenario.simulation.warmup
    if kept_s > warmup_s:
        raise ScenarioError(
            f"simulation.warmup: must be at least policy.merged_lists_fresh, which is {kept_s:g} s,"
            f" for processes begin without lists, got {warmup_s:g} s"
        )
