"""Which counts of followers are as good as the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.rules.followers import FOLLOWERS_BOUNDS, followers_bucket


@given(st.integers(0, FOLLOWERS_BOUNDS[-1]))
def test_a_bucket_is_left_at_powers_of_two(followers):
    assert followers_bucket(followers) == followers.bit_length()


@given(st.lists(st.integers(0, 2**45), min_size=2, max_size=2))
def test_more_followers_are_never_in_a_lower_bucket(counts):
    fewer, more = sorted(counts)
    assert followers_bucket(fewer) <= followers_bucket(more)


@pytest.mark.parametrize("followers", [2**39, 2**60])
def test_beyond_mankind_there_is_one_bucket(followers):
    assert followers_bucket(followers) == 40
