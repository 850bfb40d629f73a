"""What the fleet costs a month, class by class, what users bring, and what an outage loses."""

from __future__ import annotations

from dataclasses import dataclass

from model.answers.sizing.bandwidth import Bandwidth
from model.answers.sizing.figures import (
    Figure,
    conversion,
    given,
    product,
    rounded_up,
    total,
)
from model.answers.sizing.rates import Rates
from model.answers.sizing.resources import SQL, STORES
from model.answers.sizing.storage import Storage
from model.answers.works import TIMED
from model.world.scenario import Scenario
from model.world.topology import topology_of

MONTH_H = conversion(730.5, "hours a month")
MONTH_D = conversion(30.4375, "days a month")
A_MONTH = "a month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """In the currency of the scenario's prices."""

    machines: tuple[Figure, ...]  # how many there are
    classes: tuple[Figure, ...]  # of cost, a month
    cost: Figure  # a month, all classes
    cost_per_million: Figure  # daily users
    revenue: Figure  # a month
    lost_per_minute: Figure  # of outage, on average
    lost_per_minute_at_peak: Figure
    ratios: tuple[Figure, ...]

    @property
    def figures(self) -> tuple[Figure, ...]:
        """All of them, in the order in which they follow from one another."""
        sums = (self.cost, self.cost_per_million, self.revenue)
        lost = (self.lost_per_minute, self.lost_per_minute_at_peak)
        return (*self.machines, *self.classes, *sums, *lost, *self.ratios)


def money_of(
    scenario: Scenario, rates: tuple[Rates, Rates], stored: Storage, wire: Bandwidth
) -> Money:
    """Return what the scenario's own fleet costs, with objects kept for growth.keeps_years.

    The price of the object store is for what is put there: its copies are the provider's.
    """
    machines = _machines(scenario)
    classes = (*_of_machines(scenario, machines), *_of_bytes(scenario, stored, wire))
    cost = total("cost of everything", A_MONTH, *classes)
    daily = _daily_users(scenario)
    revenue = _revenue_a_day(scenario, daily)
    lost = product(
        "revenue lost in a minute of outage, on average",
        "a minute",
        revenue,
        over=(conversion(1_440, "minutes a day"),),
    )
    mean, peak = rates
    peak_over_mean = product("", "at the peak over the mean", peak.requests, over=(mean.requests,))
    month = product("revenue", A_MONTH, revenue, MONTH_D)
    return Money(
        machines=machines,
        classes=classes,
        cost=cost,
        cost_per_million=product(
            "cost per million daily users", A_MONTH, cost, conversion(1e6, "users"), over=(daily,)
        ),
        revenue=month,
        lost_per_minute=lost,
        lost_per_minute_at_peak=product(
            "revenue lost in a minute of outage, at the peak", "a minute", lost, peak_over_mean
        ),
        ratios=_ratios(classes, cost, month),
    )


def _machines(scenario: Scenario) -> tuple[Figure, ...]:
    """Return how many machines there are: of processes, of stores, and those with disks."""
    fleet = scenario.fleet
    if fleet.placement == "shared":
        one = given(1, "machines", "fleet.placement")
        return (one.called("the one machine"),)
    stations = topology_of(fleet).stations
    alone = (s for s in stations if s.name not in STORES and s.name not in TIMED)
    cores = given(sum(s.size * s.servers for s in alone), "cores", "fleet: a process takes one")
    each = given(fleet.machine.cores, "cores a machine", "fleet.machine.cores")
    processes = rounded_up(product("machines of processes", "machines", cores, over=(each,)))
    servers = {name: _servers(scenario, name) for name in STORES}
    in_memory = total("machines of timelines", "machines", servers["timeline_store"])
    on_disk = total("machines of databases", "machines", *(servers[name] for name in SQL))
    return processes, in_memory, on_disk


def _servers(scenario: Scenario, station: str) -> Figure:
    store = getattr(scenario.fleet, STORES[station])
    shards = given(store.shards, "shards", f"fleet.{STORES[station]}.shards")
    copies = given(store.replicas, "copies", f"fleet.{STORES[station]}.replicas")
    return product("", "machines", shards, copies)


def _of_machines(scenario: Scenario, machines: tuple[Figure, ...]) -> tuple[Figure, ...]:
    """Return what cores, memory and disks cost a month."""
    fleet, prices = scenario.fleet, scenario.prices
    all_of_them = total("", "machines", *machines)
    is_shared = fleet.placement == "shared"
    cores = given(
        fleet.cores if is_shared else fleet.machine.cores, "cores each", "fleet: cores of a machine"
    )
    core_hour = given(prices.core_hour, "a core and hour", "prices.core_hour")
    memory = given(fleet.machine.memory / 1e9, "gigabytes each", "fleet.machine.memory")
    memory_price = given(prices.memory_gb_month, "a gigabyte and month", "prices.memory_gb_month")
    disk = given(fleet.machine.disk / 1e9, "gigabytes each", "fleet.machine.disk")
    disk_price = given(prices.disk_gb_month, "a gigabyte and month", "prices.disk_gb_month")
    with_disks = machines[-1]
    return (
        product("cost of cores", A_MONTH, all_of_them, cores, core_hour, MONTH_H),
        product("cost of memory", A_MONTH, all_of_them, memory, memory_price),
        product("cost of disks", A_MONTH, with_disks, disk, disk_price),
    )


def _of_bytes(scenario: Scenario, stored: Storage, wire: Bandwidth) -> tuple[Figure, ...]:
    """Return what objects, and bytes sent, cost a month."""
    prices = scenario.prices
    kept = given(prices.object_gb_month, "a gigabyte and month", "prices.object_gb_month")
    sent = given(prices.egress_gb, "a gigabyte", "prices.egress_gb")
    between = given(prices.region_gb, "a gigabyte", "prices.region_gb")
    objects, to_people, abroad = (
        _in_gb(figure)
        for figure in (stored.objects_kept, wire.sent_a_day, wire.between_regions_a_day)
    )
    return (
        product("cost of objects", A_MONTH, objects, kept),
        product("cost of sending to people", A_MONTH, to_people, sent, MONTH_D),
        product("cost of sending between regions", A_MONTH, abroad, between, MONTH_D),
    )


def _in_gb(figure: Figure) -> Figure:
    unit = "gigabytes" + figure.unit.removeprefix("B")
    return product(figure.name, unit, figure, over=(conversion(1e9, "B/GB"),))


def _daily_users(scenario: Scenario) -> Figure:
    people = scenario.people
    return product(
        "daily users",
        "users a day",
        given(people.users, "users", "people.users"),
        given(people.daily_active, "of them active", "people.daily_active"),
    )


def _revenue_a_day(scenario: Scenario, daily: Figure) -> Figure:
    each = scenario.prices.revenue_per_active_user_day
    return product(
        "", "a day", daily, given(each, "a user and day", "prices.revenue_per_active_user_day")
    )


def _ratios(classes: tuple[Figure, ...], cost: Figure, revenue: Figure) -> tuple[Figure, ...]:
    """Return each class as a share of the cost, and the cost as one of the revenue."""
    shares = (
        product(f"{each.name}, of all cost", "of all", each, over=(cost,))
        for each in classes
        if cost.value
    )
    if not revenue.value:
        return tuple(shares)
    return (*shares, product("cost over revenue", "of revenue", cost, over=(revenue,)))
