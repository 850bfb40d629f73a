"""`python -m reference_impl.media.pipeline`: one member of the pipeline."""

from __future__ import annotations

from reference_impl.chassis.serve import serve
from reference_impl.media.pipeline.app import assemble

if __name__ == "__main__":
    serve(assemble)
