"""`feedtwin policy`: what the services decide by, while they run."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from model.answers.tables import Format, print_table
from model.answers.terminal import TableFormat, home_folder, say
from reference_impl.verbs.failures import failures_as_exit_codes

if TYPE_CHECKING:
    from model.rules.policy import FeedPolicy
    from reference_impl.cluster.clusters import Cluster

COLUMNS = ("field", "value", "at_up")


def add_verbs(app: typer.Typer) -> None:
    """Mount `policy show` and `policy set` on the command."""
    about = "Show or set how posts reach feeds, while the services run."
    verbs = typer.Typer(help=about, no_args_is_help=True)
    verbs.command("show")(show)
    verbs.command("set")(set_)
    app.add_typer(verbs, name="policy")


def show(form: TableFormat = Format.TABLE) -> None:
    """Show the policy of now, beside the one that the cluster was brought up with."""
    from reference_impl.cluster.feed_policy import policy_of
    from reference_impl.cluster.lifecycle import running_in

    with failures_as_exit_codes():
        cluster = running_in(home_folder())
        _print(policy_of(cluster.settings), cluster, form)


def set_(
    fields: Annotated[list[str], typer.Argument(help="FIELD=VALUE, as `policy show` names them.")],
    form: TableFormat = Format.TABLE,
) -> None:
    """Change fields of the policy; every service follows within a second.  Shows the outcome.

    It lasts until `feedtwin down`: the next `up` begins with the scenario's policy again.
    """
    from reference_impl.cluster.feed_policy import set_policy
    from reference_impl.cluster.lifecycle import running_in

    texts = dict(_pair(text) for text in fields)
    with failures_as_exit_codes():
        cluster = running_in(home_folder())
        _print(set_policy(cluster.settings, texts), cluster, form)
    say("followed by every service within a second")


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise typer.BadParameter(f"FIELD=VALUE, got {text!r}")
    return name, value


def _print(policy: FeedPolicy, cluster: Cluster, form: Format) -> None:
    from reference_impl.chassis.policies import default_policy

    at_up = asdict(default_policy(cluster.settings.policy))
    now = asdict(policy)
    print_table([(name, now[name], at_up[name]) for name in now], COLUMNS, form)
