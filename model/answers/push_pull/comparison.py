"""Every strategy beside the cheapest plan there is."""

from __future__ import annotations

from dataclasses import dataclass

from model.answers.push_pull import plans
from model.answers.push_pull.costs import Costs
from model.answers.push_pull.edges import Edges


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What one strategy does and costs."""

    strategy: str
    cost_per_day: float
    over_optimum: float  # times the cheapest plan
    over_push_active: float
    pushed_share: float  # of edges


def compared(edges: Edges, costs: Costs, influencer_followers_min: int) -> tuple[Compared, ...]:
    """Return push all, pull all, push active, hybrid, per author and per edge, in this order.

    Raises ValueError if the cheapest plan costs nothing, since then none can be set against it.
    """
    optimum = plans.optimum_per_day(edges, costs)
    if not optimum:
        raise ValueError("edges: nobody who posts is followed by anybody who reads")
    planned = {
        "push all": plans.push_all(edges),
        "pull all": plans.pull_all(edges),
        "push active": plans.push_active(edges),
        f"hybrid {influencer_followers_min:,}": plans.hybrid(edges, influencer_followers_min),
        "per author": plans.per_author(edges, costs),
        "per edge": plans.per_edge(edges, costs),
    }
    active = plans.cost_per_day(planned["push active"], edges, costs)
    return tuple(
        Compared(
            strategy=name,
            cost_per_day=cost,
            over_optimum=cost / optimum,
            over_push_active=cost / active,
            pushed_share=float(plan.mean()),
        )
        for name, plan in planned.items()
        for cost in (plans.cost_per_day(plan, edges, costs),)
    )
