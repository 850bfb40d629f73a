from itertools import combinations, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare, kstest

from model.world.chance import child_uid, path_key, u, u_block

COORDINATES = ("seed", "replication", "uid", "step_path", "leg", "attempt", "draw")
WORDS = st.integers(min_value=0, max_value=2**64 - 1)
HERE: dict[str, Any] = {
    "seed": 7, "replication": 3, "uid": 0x1234_5678_9ABC_DEF0, "step_path": path_key("r/store"),
    "leg": 2, "attempt": 1, "draw": 0,
}  # fmt: skip


def along(coordinate, count):
    """Chances that differ in one coordinate only, which counts up from 0."""
    return u_block(**{**HERE, coordinate: np.arange(count, dtype=np.uint64)})


@given(st.lists(st.tuples(*[WORDS] * 7), min_size=1, max_size=20))
def test_single_and_block_chances_have_the_same_bits(places):
    columns = [np.array(column, dtype=np.uint64) for column in zip(*places, strict=True)]
    assert u_block(*columns).tolist() == [u(*place) for place in places]


def test_a_block_of_one_is_a_single_chance():
    assert float(u_block(**HERE)) == u(**HERE)


@pytest.mark.parametrize("coordinate", COORDINATES)
def test_chances_along_a_coordinate_are_uniform(coordinate):
    chances = along(coordinate, 50_000)
    assert kstest(chances, "uniform").pvalue > 1e-3
    assert chisquare(np.bincount((chances * 500).astype(int), minlength=500)).pvalue > 1e-3


@pytest.mark.parametrize("coordinate", COORDINATES)
def test_neighbours_along_a_coordinate_know_nothing_of_each_other(coordinate):
    chances = along(coordinate, 50_001)
    assert abs(np.corrcoef(chances[:-1], chances[1:])[0, 1]) < 4 / np.sqrt(50_000)
    # Squares of the plane of (chance, next chance), in pairs that share no member.
    cells = (chances[0:50_000:2] * 16).astype(int) * 16 + (chances[1:50_001:2] * 16).astype(int)
    assert chisquare(np.bincount(cells, minlength=256)).pvalue > 1e-3


@pytest.mark.parametrize(("one", "other"), list(combinations(COORDINATES, 2)))
def test_neighbours_along_two_coordinates_know_nothing_of_each_other(one, other):
    numbers = np.arange(20_000, dtype=np.uint64)
    here = u_block(**{**HERE, one: numbers})
    beside = u_block(**{**HERE, one: numbers, other: HERE[other] + 1})
    assert abs(np.corrcoef(here, beside)[0, 1]) < 4 / np.sqrt(20_000)


@pytest.mark.parametrize("coordinate", COORDINATES)
def test_any_bit_of_a_coordinate_turns_half_of_the_chance(coordinate):
    bits = np.uint64(1) << np.arange(64, dtype=np.uint64)
    turned = u_block(**{**HERE, coordinate: np.uint64(HERE[coordinate]) ^ bits})
    changes = [int(u(**HERE) * 2**52) ^ int(chance * 2**52) for chance in turned]
    shares = [change.bit_count() / 52 for change in changes]
    assert 0.45 < np.mean(shares) < 0.55
    assert min(shares) > 0.2


def test_no_two_places_of_a_request_share_their_chance():
    leg, attempt, draw, path = np.meshgrid(
        np.arange(200, dtype=np.uint64),
        np.arange(10, dtype=np.uint64),
        np.arange(10, dtype=np.uint64),
        np.array([path_key(f"r/{step}") for step in range(10)], dtype=np.uint64),
    )
    chances = u_block(1, 0, 5, path.ravel(), leg.ravel(), attempt.ravel(), draw.ravel())
    assert len(np.unique(chances)) == leg.size


def test_chance_is_never_0_nor_1():
    # The ends of the 52 bits that a chance is made of.
    assert ((2**52 - 1) + 0.5) * 2.0**-52 < 1
    assert 0.5 * 2.0**-52 > 0


def test_chances_never_change():
    # Every stored answer depends on these exact values.
    places = [(0, 0, 0, 0, 0, 0, 0), (1, 2, 3, 4, 5, 6, 7), (2**64 - 1,) * 7]
    assert [u(*place) for place in places] == [
        0.09899374104691583, 0.5769226328595208, 0.9037082175260093,
    ]  # fmt: skip
    assert child_uid(1, 2, 3) == 654193224909318834
    assert path_key("newsfeed/gateway") == 17059934802065863718


def test_children_at_neighbouring_places_have_different_uids():
    uids = {child_uid(*place) for place in product(range(50), repeat=3)}
    assert len(uids) == 50**3


def test_children_have_the_same_uid_alone_and_in_a_block():
    legs = np.arange(100, dtype=np.uint64)
    parents, steps = np.array([77], np.uint64), np.array([path_key("post/emit")], np.uint64)
    block = child_uid(parents, steps, legs).tolist()
    assert block == [child_uid(77, path_key("post/emit"), leg) for leg in range(100)]


@pytest.mark.verify
@pytest.mark.parametrize("coordinate", COORDINATES)
def test_ten_million_chances_along_a_coordinate_fill_fine_cells_evenly(coordinate):
    chances = along(coordinate, 10_000_000)
    cells = (chances[::2] * 256).astype(int) * 256 + (chances[1::2] * 256).astype(int)
    assert chisquare(np.bincount(cells, minlength=256**2)).pvalue > 1e-3
    # The last bits that a chance has are as even as the first.
    low_bits = (chances * 2**52).astype(np.int64) & 0xFFF
    assert chisquare(np.bincount(low_bits, minlength=4096)).pvalue > 1e-3
