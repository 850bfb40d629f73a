"""How Hypothesis draws each network anew.

By itself it follows each one that it has drawn by five in which it has only copied values from
one place to another, and looks for what it has not tried yet: of 300 networks, some words of the
grammar were in none.  It leaves that to other sources of chance, of which we name its own as one.
"""

from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS

_NAME = "feedtwin-independent"
_OWN = "hypothesis.internal.conjecture.providers.HypothesisProvider"


def independent():
    """Return the `backend` for `hypothesis.settings`."""
    AVAILABLE_PROVIDERS[_NAME] = _OWN
    return _NAME
