"""`python -m reference_impl.timeline.fanout`: one worker."""

from __future__ import annotations

from reference_impl.chassis.serve import serve
from reference_impl.timeline.fanout.app import assemble

if __name__ == "__main__":
    serve(assemble)
