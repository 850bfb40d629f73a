"""`python -m reference_impl.search`: one shard of the search index."""

from __future__ import annotations

from reference_impl.chassis.serve import serve
from reference_impl.search.app import assemble

if __name__ == "__main__":
    serve(assemble)
