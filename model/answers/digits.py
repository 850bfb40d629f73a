"""How people read the digits of a number: few of them, thousands parted, no powers of ten."""

from __future__ import annotations

import math
from decimal import Decimal

TINY = 1e-6  # below this nobody counts the zeros, and it is a power of ten after all


def digits_of(value: float, significant: int) -> str:
    """Return a number with so many significant digits.

    >>> digits_of(1723.4, 3), digits_of(0.00001583, 3), digits_of(0.25, 3)
    ('1,720', '0.0000158', '0.25')
    """
    short = f"{value:.{significant}g}"
    if not math.isfinite(value) or 0 < abs(value) < TINY:
        return short
    return f"{Decimal(short):,f}"
