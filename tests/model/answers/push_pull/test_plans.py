"""Plans of which edges are pushed, against every plan there is and the rules one by one."""

from itertools import product

import numpy as np
import pytest

from model.answers.push_pull import Costs, Edges, plans
from model.rules.influencers import Delivery, delivery_of, pays_to_push
from model.rules.policy import FeedPolicy

COSTS = (
    Costs(),
    Costs(push=0.1),
    Costs(push=10.0, pull=2.0),
    Costs(push=2.0, shared_pull=0.05, shared_from=3),
)
GRAPHS = range(12)


def by_hand(plan, edges, costs):
    """Add up edge by edge what a plan costs a day."""
    total = 0.0
    for is_pushed, author, reader in zip(plan, edges.authors, edges.readers, strict=True):
        followers = int((edges.authors == author).sum())
        is_shared = costs.shared_pull is not None and followers >= costs.shared_from
        pull = costs.shared_pull if is_shared else costs.pull
        pushed = costs.push * edges.posts_per_day[author]
        total += pushed if is_pushed else pull * edges.reads_per_day[reader]
    return total


@pytest.mark.parametrize("costs", COSTS)
@pytest.mark.parametrize("seed", GRAPHS)
def test_the_rule_edge_by_edge_costs_as_little_as_any_assignment(drawn, seed, costs):
    edges = drawn(seed)
    assignments = product((False, True), repeat=len(edges))
    least = min(by_hand(each, edges, costs) for each in assignments)
    assert plans.cost_per_day(plans.per_edge(edges, costs), edges, costs) == pytest.approx(least)
    assert plans.optimum_per_day(edges, costs) == pytest.approx(least)


@pytest.mark.parametrize("costs", COSTS)
@pytest.mark.parametrize("seed", GRAPHS)
def test_the_rule_author_by_author_costs_as_little_as_any_that_treats_followers_alike(
    drawn, seed, costs
):
    edges = drawn(seed)
    alike = (np.array(each)[edges.authors] for each in product((False, True), repeat=5))
    least = min(by_hand(each, edges, costs) for each in alike)
    assert plans.cost_per_day(plans.per_author(edges, costs), edges, costs) == pytest.approx(least)


@pytest.mark.parametrize("costs", COSTS)
def test_all_edges_at_once_are_decided_as_the_rule_decides_each(drawn, costs):
    edges = drawn(1, users=40, edges=200)
    pulls = costs.pull_of(edges.follower_counts)
    ruled = [
        pays_to_push(
            FeedPolicy(push_cost_over_pull_cost=costs.push / pulls[author]),
            reads_per_day=edges.reads_per_day[reader],
            posts_per_day=edges.posts_per_day[author],
        )
        for author, reader in zip(edges.authors, edges.readers, strict=True)
    ]
    assert plans.per_edge(edges, costs).tolist() == ruled
    assert 0 < sum(ruled) < len(ruled)


def test_an_edge_on_which_both_sides_cost_the_same_is_pushed():
    edge = Edges(
        authors=np.array([0]),
        readers=np.array([1]),
        posts_per_day=np.array([2.0, 0.0]),
        reads_per_day=np.array([0.0, 6.0]),
    )
    assert plans.per_edge(edge, Costs(push=3.0)).tolist() == [True]
    assert plans.per_edge(edge, Costs(push=3.0001)).tolist() == [False]


@pytest.mark.parametrize("followers_min", [1, 4, 5, 1_000])
def test_a_hybrid_pushes_to_readers_whom_the_rule_delivers_by_push(drawn, followers_min):
    edges = drawn(3, users=40, edges=200)
    policy = FeedPolicy(influencer_followers_min=followers_min)
    ruled = [
        edges.reads_per_day[reader] > 0
        and delivery_of(policy, int(edges.follower_counts[author])) is Delivery.PUSH
        for author, reader in zip(edges.authors, edges.readers, strict=True)
    ]
    assert plans.hybrid(edges, followers_min).tolist() == ruled


def test_pushing_to_the_active_saves_what_is_written_for_nobody(drawn):
    edges, costs = drawn(4, users=40, edges=200), Costs(push=2.0)
    everybody, active, nobody = (
        plans.cost_per_day(plan, edges, costs)
        for plan in (plans.push_all(edges), plans.push_active(edges), plans.pull_all(edges))
    )
    in_vain = 2 * edges.posting[edges.reading == 0].sum()
    assert in_vain > 0
    assert everybody == pytest.approx(2 * edges.posting.sum())
    assert active == pytest.approx(everybody - in_vain)
    assert nobody == pytest.approx(edges.reading.sum())


def test_how_many_followers_an_author_has_cancels_out(drawn):
    edges = drawn(5, users=40, edges=200)
    thrice = Edges(
        authors=np.tile(edges.authors, 3),
        readers=np.tile(edges.readers, 3),
        posts_per_day=edges.posts_per_day,
        reads_per_day=edges.reads_per_day,
    )
    once = plans.per_author(edges, Costs())
    assert np.array_equal(plans.per_author(thrice, Costs()), np.tile(once, 3))
    assert not np.array_equal(
        plans.per_author(thrice, Costs(shared_pull=1e-6, shared_from=9)), np.tile(once, 3)
    )
