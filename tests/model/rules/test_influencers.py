"""How a post is delivered: by strategy, threshold, the author's past, or each edge's rates."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.rules.influencers import Delivery, delivery_of, pays_to_push
from model.rules.policy import FeedPolicy, Strategy

MERGE = Delivery.MERGE
HYBRID = FeedPolicy(influencer_followers_min=100, influencer_exit_share=0.8)


@pytest.mark.parametrize(
    ("strategy", "delivery"),
    [
        (Strategy.PUSH, Delivery.PUSH),
        (Strategy.PUSH_ACTIVE, Delivery.PUSH),
        (Strategy.PULL, Delivery.MERGE),
        (Strategy.PER_EDGE, Delivery.EDGE),
    ],
)
@pytest.mark.parametrize("followers", [0, 1_000_000])
def test_only_the_hybrid_asks_how_many_follow(strategy, delivery, followers):
    policy = FeedPolicy(strategy=strategy, influencer_followers_min=100)
    for previous in (None, *Delivery):
        assert delivery_of(policy, followers, previous=previous) is delivery


@pytest.mark.parametrize(
    ("followers", "previous", "delivery"),
    [
        (99, None, Delivery.PUSH),
        (100, None, Delivery.MERGE),
        (99, Delivery.PUSH, Delivery.PUSH),
        (99, Delivery.EDGE, Delivery.PUSH),
        (99, Delivery.MERGE, Delivery.MERGE),
        (80, Delivery.MERGE, Delivery.MERGE),
        (79, Delivery.MERGE, Delivery.PUSH),
    ],
)
def test_an_influencer_stays_one_until_the_exit_share(followers, previous, delivery):
    assert delivery_of(HYBRID, followers, previous=previous) is delivery


def test_the_exit_share_is_the_policys_and_its_threshold_need_not_be_whole():
    policy = FeedPolicy(influencer_followers_min=10, influencer_exit_share=0.52)
    stays = [n for n in range(12) if delivery_of(policy, n, previous=Delivery.MERGE) is MERGE]
    assert stays == list(range(6, 12))  # 5 are fewer than 5.2


@given(st.lists(st.integers(81, 99), min_size=1, max_size=50), st.sampled_from(Delivery))
def test_who_hovers_below_the_threshold_never_changes_sides(counts, previous):
    deliveries = {delivery_of(HYBRID, count, previous=previous) for count in counts}
    assert len(deliveries) == 1


def total_cost(pushed, edges, *, push, pull):
    return sum(
        push * posts if edge in pushed else pull * reads
        for edge, (reads, posts) in enumerate(edges)
    )


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=7),
    st.sampled_from([0.1, 0.5, 1.0, 3.0, 10.0]),
)
def test_deciding_edge_by_edge_costs_as_little_as_the_best_of_all_assignments(edges, ratio):
    policy = FeedPolicy(push_cost_over_pull_cost=ratio)
    ruled = {
        edge
        for edge, (reads, posts) in enumerate(edges)
        if pays_to_push(policy, reads_per_day=reads, posts_per_day=posts)
    }
    everything = range(len(edges))
    best = min(
        total_cost(set(pushed), edges, push=ratio, pull=1.0)
        for n in range(len(edges) + 1)
        for pushed in itertools.combinations(everything, n)
    )
    assert total_cost(ruled, edges, push=ratio, pull=1.0) == pytest.approx(best)


def test_an_edge_that_costs_the_same_either_way_is_pushed():
    policy = FeedPolicy(push_cost_over_pull_cost=3.0)
    assert pays_to_push(policy, reads_per_day=6.0, posts_per_day=2.0)
    assert not pays_to_push(policy, reads_per_day=5.9, posts_per_day=2.0)


def test_deliveries_are_called_what_stored_posts_call_them():
    assert [delivery.value for delivery in Delivery] == ["push", "merge", "edge"]
