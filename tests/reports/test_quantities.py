"""How numbers are written for people."""

import pytest

from reports.quantities import share_said


@pytest.mark.parametrize(
    ("share", "said"),
    [(0.5, "50 %"), (0.00012345, "0.0123 %"), (9e-76, "0 %"), (0.0, "0 %"), (-0.003, "0 %")],
)
def test_a_share_is_no_less_than_none_and_what_is_next_to_none_is_none(share, said):
    assert share_said(share) == said
