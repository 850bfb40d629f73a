"""Verbs about a running cluster, one topic per file; `reference_impl.cli` mounts them."""
