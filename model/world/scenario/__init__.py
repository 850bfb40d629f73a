"""What a scenario says: the people, the traffic, the fleet, the policy, the targets, the runs.

Every field is required to be known, frozen once read, and carries its unit in the file
("500 ms", "2 kB", "50 k", "120/s", "35 %").  `scenario_files` reads files into this.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from model.rules.regions import REGIONS
from model.world.days import curve_near, curve_of_all
from model.world.scenario.events import CelebrityPost, Event
from model.world.scenario.fleet import Fleet, Index, Instances, Store
from model.world.scenario.people import Followers, People
from model.world.scenario.policy import Policy, Protections
from model.world.scenario.promises import Availability, Growth, Prices, Targets
from model.world.scenario.runs import Expectation, Load, Simulation
from model.world.scenario.tables import ScenarioError, Table, asked, said
from model.world.scenario.traffic import Endpoint, Traffic

__all__ = [
    "Availability", "Endpoint", "Event", "Expectation", "Fleet", "Followers", "Growth", "Index",
    "Instances", "Load", "People", "Policy", "Prices", "Protections", "Scenario", "ScenarioError",
    "Simulation", "Store", "Targets", "Traffic",
]  # fmt: skip

SCHEMA_VERSION: Literal[1] = 1
EVENTS_MAX = 100
VARIANTS_MAX = 12


class Scenario(Table):
    """One question about the design, complete enough to be simulated and to be run."""

    schema_version: Literal[1] = said(SCHEMA_VERSION, "of this format")
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")] = asked(
        "of the scenario, as its file is called"
    )
    seed: Annotated[int, Field(ge=0, lt=2**63)] = said(1, "of all chance: the same, the same run")
    people: People = asked("who uses the system")
    traffic: Traffic = asked("what they ask for")
    fleet: Fleet = said(Fleet(), "how much of each thing there is")
    policy: Policy = said(Policy(), "the knobs of the design")
    targets: Targets = said(Targets(), "what is promised")
    events: tuple[Event, ...] = said((), "what happens meanwhile", max_length=EVENTS_MAX)
    availability: Availability = said(Availability(), "how often things fail")
    prices: Prices = said(Prices(), "what things cost")
    growth: Growth = said(Growth(), "how the platform grows")
    load: Load = said(Load(), "how the real services are loaded")
    simulation: Simulation = said(Simulation(), "how the model runs")
    quick: tuple[str, ...] = said(
        (), "what to set for a quick answer: key.path=value", max_length=50
    )
    variants: dict[str, tuple[str, ...]] = said(
        {}, "what to compare with: a name, and what to set: key.path=value"
    )
    expect: tuple[Expectation, ...] = said((), "what the answer should be", max_length=50)

    @model_validator(mode="after")
    def _variants_are_few(self) -> Scenario:
        if len(self.variants) > VARIANTS_MAX:
            raise ValueError(f"variants: at most {VARIANTS_MAX}, got {len(self.variants)}")
        if any(not name.strip() for name in self.variants):
            raise ValueError("variants: each needs a name")
        known = ("base", *self.variants)
        unknown = [
            f"expect.{number}: there is no variant {name!r}, only {', '.join(known)}"
            for number, which in enumerate(self.expect)
            for name in (which.variant, which.times or "")
            if name not in ("", *known)
        ]
        if unknown:
            raise ValueError("\n".join(unknown))
        return self

    @model_validator(mode="after")
    def _celebrities_are_followed_by_people(self) -> Scenario:
        for number, event in enumerate(self.events):
            if isinstance(event, CelebrityPost) and event.followers >= self.people.users:
                raise ValueError(
                    f"events.{number}.celebrity-post.followers: must be below people.users,"
                    f" {self.people.users:,}, got {event.followers:,}"
                )
        return self

    @property
    def requests_per_s(self) -> float:
        """Requests per second of the whole system, at the peak if a day is described."""
        traffic, people = self.traffic, self.people
        if traffic.rate is not None:
            return traffic.rate
        if traffic.requests_per_active_day is None:
            raise ScenarioError("traffic.recorded: what was recorded has no one rate")
        per_day = people.users * people.daily_active * traffic.requests_per_active_day
        return per_day / 86_400 * self._peak_over_mean()

    def _peak_over_mean(self) -> float:
        """Return the rate of the world's busiest hour over its mean: of the curve, or as said."""
        day = self.traffic.day
        if day is None:
            return self.traffic.peak_to_mean
        shares = self.people.regions or {self.fleet.regions[0]: 1.0}
        how = {"peak_hour": day.peak_hour, "peak_over_trough": day.peak_over_trough}
        curves = (
            (share, curve_near(REGIONS[name].longitude, **how)) for name, share in shares.items()
        )
        return curve_of_all(curves).peak_over_mean

    def at_rate(self, requests_per_s: float) -> Scenario:
        """Return this scenario with another rate of requests."""
        changed = {"rate": requests_per_s, "requests_per_active_day": None}
        return self.model_copy(update={"traffic": self.traffic.model_copy(update=changed)})
