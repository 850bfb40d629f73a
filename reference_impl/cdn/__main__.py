"""`python -m reference_impl.cdn`: one edge."""

from __future__ import annotations

from reference_impl.cdn.app import assemble
from reference_impl.chassis.serve import serve

if __name__ == "__main__":
    serve(assemble)
