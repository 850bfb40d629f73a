"""`python -m reference_impl.post`: the post service."""

from __future__ import annotations

from reference_impl.chassis.serve import serve
from reference_impl.post.app import assemble

if __name__ == "__main__":
    serve(assemble)
