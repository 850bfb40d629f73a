"""Push against pull: what each strategy costs edge by edge, and where influencers begin to pay."""

from __future__ import annotations

from model.answers.push_pull.comparison import Compared, compared
from model.answers.push_pull.costs import Costs
from model.answers.push_pull.edges import Edges, edges_of
from model.answers.push_pull.thresholds import CostCurve, ThresholdCost, cheapest_threshold

__all__ = [
    "Compared",
    "CostCurve",
    "Costs",
    "Edges",
    "ThresholdCost",
    "cheapest_threshold",
    "compared",
    "edges_of",
]
