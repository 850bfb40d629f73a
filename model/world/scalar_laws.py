"""Inverse distribution functions as plain functions of numbers.

Laws call them, and so do engines that are compiled and know no objects: the same lines, so that
both find the same bits.
"""

from __future__ import annotations

import math


def exponential_quantile(u: float, mean: float) -> float:
    """Return the value that a share `u` of an exponential law stays below."""
    return -mean * math.log1p(-u)


def geometric_quantile(u: float, mean: float) -> int:
    """Return the quantile of the geometric law from 0 with this mean."""
    return int(math.log1p(-u) / -math.log1p(1 / mean))


def lognormal_quantile(u: float, mean: float, variance: float, deviation: float) -> float:
    """Return the quantile of a lognormal law; the last two are those of the logarithm."""
    return mean * math.exp(deviation * normal_quantile(u) - variance / 2)


def between(u: float, p_low: float, p_high: float, low: float, high: float) -> float:
    """Return the value at `u` on the straight line between two quantiles."""
    return low + (high - low) * ((u - p_low) / (p_high - p_low))


def normal_quantile(u: float) -> float:
    """Return the quantile of the standard normal law, to about 1e-16.

    Source: M. J. Wichura, algorithm AS 241 (PPND16), Applied Statistics 37 (1988); all constants
    are its own.
    """
    q = u - 0.5
    if abs(q) <= 0.425:
        return _central(q, 0.180625 - q * q)
    r = math.sqrt(-math.log(u if q <= 0.0 else 1.0 - u))
    x = _near(r - 1.6) if r <= 5.0 else _far(r - 5.0)
    return -x if q < 0.0 else x


def _central(q: float, r: float) -> float:
    above = _polynomial(
        r,
        (3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
         1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
         3.3430575583588128105e4, 2.5090809287301226727e3),
    )  # fmt: skip
    below = _polynomial(
        r,
        (1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
         2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4,
         5.2264952788528545610e3),
    )  # fmt: skip
    return above * q / below


def _near(r: float) -> float:
    above = _polynomial(
        r,
        (1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
         3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
         2.27238449892691845833e-2, 7.74545014278341407640e-4),
    )  # fmt: skip
    below = _polynomial(
        r,
        (1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
         1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
         1.05075007164441684324e-9),
    )  # fmt: skip
    return above / below


def _far(r: float) -> float:
    above = _polynomial(
        r,
        (6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
         2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
         2.71155556874348757815e-5, 2.01033439929228813265e-7),
    )  # fmt: skip
    below = _polynomial(
        r,
        (1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
         7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
         2.04426310338993978564e-15),
    )  # fmt: skip
    return above / below


def _polynomial(
    r: float, c: tuple[float, float, float, float, float, float, float, float]
) -> float:
    """Return c[0] + c[1] r + ... + c[7] r**7, in pairs that a processor can work on at once.

    Source: G. Estrin, "Organization of computer systems: the fixed plus variable structure
    computer", Proc. Western Joint IRE-AIEE-ACM Computer Conference (1960).
    """
    square = r * r
    low = (c[0] + c[1] * r) + (c[2] + c[3] * r) * square
    high = (c[4] + c[5] * r) + (c[6] + c[7] * r) * square
    return low + high * (square * square)
