"""Both engines leave the same bytes behind, whatever the network."""

import json
from secrets import randbits

import pytest
from comparing import difference
from described_networks import CASES, FOUND, text_of
from hypothesis import HealthCheck, given, seed, settings
from independent import independent
from random_networks import descriptions

PROGRAMS = 1_000  # in the normal suite, always the same
PROGRAMS_VERIFIED = 10_000  # in all shards together, others in every run
SHARDS = 2

# A network takes some 15 ms to draw and to run, and a few are ten times as large.
SLOW = settings(
    backend=independent(),
    deadline=None,
    database=None,  # what fails is kept as a case
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def engines_agree(description):
    _, complaint = difference(description)
    if complaint:
        # Hypothesis runs the smallest failing one last: that is the one which stays there.
        FOUND.write_text(text_of(description))
    assert not complaint, f"{complaint}\nThe network is in {FOUND}; rename it to keep it as a case."


@pytest.mark.timeout(1_200)  # should one fail: making it small takes up to 300 s
@settings(SLOW, max_examples=PROGRAMS, derandomize=True)
@given(description=descriptions())
def test_both_engines_agree_to_the_bit(description):
    engines_agree(description)


@pytest.mark.verify
@pytest.mark.timeout(3_000)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_both_engines_agree_to_the_bit_on_many_more(shard):
    number = randbits(32)
    print(f"shard {shard} has the seed {number}")

    @seed(number)
    @settings(SLOW, max_examples=PROGRAMS_VERIFIED // SHARDS, print_blob=True)
    @given(description=descriptions())
    def property_holds(description):
        engines_agree(description)

    property_holds()


@pytest.mark.parametrize("case", sorted(CASES.glob("*.json")), ids=lambda case: case.stem)
def test_both_engines_agree_on_networks_that_are_rare_or_once_told_them_apart(case):
    _, complaint = difference(json.loads(case.read_text()))
    assert not complaint, complaint
