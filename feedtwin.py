"""The command `feedtwin`: mounts the verbs of the folders, nothing else."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
