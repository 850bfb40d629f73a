"""The command `feedtwin`: mounts the verbs of the folders, nothing else."""

from __future__ import annotations

import sys

import typer

import loadtest.cli
import model.cli
import reference_impl.cli
import reports.cli
from model.answers.output import unwritten_output_leaves
from model.rules.exits import Exit


def command() -> typer.Typer:
    """Return the command line with every verb on it."""
    app = typer.Typer(
        help="One scenario, executed twice: simulated, and for real.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )
    for folder in (reports.cli, model.cli, reference_impl.cli, loadtest.cli):
        folder.add_verbs(app)
    return app


def main() -> None:
    """Run the command line; a scenario that cannot mean anything ends with exit code 2.

    So does one whose fleet no engine can have, and output that cannot be written.
    """
    with unwritten_output_leaves():
        _run()


def _run() -> None:
    try:
        command()()
    except ValueError as error:
        from model.engine.refusals import NetworkError
        from model.world.scenario import ScenarioError

        if not isinstance(error, ScenarioError | NetworkError):
            raise
        sys.stderr.write(f"{error}\n")
        sys.exit(Exit.USAGE)
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)
