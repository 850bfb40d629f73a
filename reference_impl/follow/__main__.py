"""`python -m reference_impl.follow`: the follow service."""

from __future__ import annotations

from reference_impl.chassis.serve import serve
from reference_impl.follow.app import assemble

if __name__ == "__main__":
    serve(assemble)
