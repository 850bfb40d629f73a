"""The verbs that start, fill, scale and stop the reference services, and ask them things."""

from __future__ import annotations

from typing import Annotated

import typer

from model.answers.terminal import Overrides, ScenarioFile, home_folder, say
from model.rules.exits import Exit
from reference_impl.chassis.settings import PREFIX, Settings
from reference_impl.verbs import policy
from reference_impl.verbs.dead_letters import dead, replay
from reference_impl.verbs.failures import failures_as_exit_codes
from reference_impl.verbs.images import images
from reference_impl.verbs.inspection import logs, status
from reference_impl.verbs.search import reindex
from reference_impl.verbs.timelines import timelines

READY_WITHIN_S = 5.0  # of a cluster that is up already


def add_verbs(app: typer.Typer) -> None:
    """Mount the verbs on the command."""
    for verb in (up, seed, status, logs, scale, timelines, images, reindex, dead, replay, down):
        app.command()(verb)
    policy.add_verbs(app)


def up(
    scenario: ScenarioFile,
    overrides: Overrides = None,
    *,
    replace: Annotated[bool, typer.Option("--replace", help="Take down what runs here.")] = False,
    server_timing: Annotated[
        bool,
        typer.Option(help="Answers tell where time went.", envvar=f"{PREFIX}SERVER_TIMING"),
    ] = True,
    cpus: Annotated[str, typer.Option(help="Such as 1,2, or all.")] = "all but the first",
) -> None:
    """Start the scenario's stores and services; print where its gateways listen.

    Stores named by FEEDTWIN_USER_DATABASES, _POST_DATABASES, _TIMELINE_STORES, _BROKER or
    _SESSION_STORE are used instead of starting any of that kind.  Other settings of the services
    (chassis/settings.py) are taken from the environment too, unless the scenario decides them.
    """
    from model.world.scenario_files import load_scenario
    from reference_impl.cluster import lifecycle

    with failures_as_exit_codes():
        cluster = lifecycle.up(
            load_scenario(scenario, overrides or ()),
            home_folder(),
            server_timing=server_timing,
            cpus=_cpus(cpus),
            replace=replace,
            report=say,
        )
    for url in cluster.gateway_urls:
        typer.echo(url)
    _have_an_index(cluster.settings)
    if cluster.door_url:
        say(f"the pages, and everything else for the public: {cluster.door_url}")


def seed(
    scenario: ScenarioFile,
    overrides: Overrides = None,
    *,
    replace: Annotated[bool, typer.Option("--replace", help="Remove what is there.")] = False,
) -> None:
    """Fill the running services with the scenario's people, follows, posts and timelines."""
    from model.world.scenario_files import load_scenario
    from reference_impl.cluster import lifecycle
    from reference_impl.cluster.reindexing import reindex as make_index
    from reference_impl.seeding.people import seeded_people
    from reference_impl.seeding.seed import AlreadySeeded
    from reference_impl.seeding.seed import seed as fill

    with failures_as_exit_codes():
        asked = load_scenario(scenario, overrides or ())
        cluster = lifecycle.running_in(home_folder())
        cluster.wait_ready(READY_WITHIN_S)
        try:
            seeded = fill(asked, cluster.settings, home_folder(), replace=replace, report=say)
        except AlreadySeeded as error:
            say(str(error))
            raise typer.Exit(Exit.USAGE) from None
        if cluster.settings.search_urls:
            make_index(cluster.settings, say)
    say(
        f"{seeded.users} users, {seeded.follows} follows, {seeded.posts} posts:"
        f" {seeded.rows} rows in {seeded.seconds:.1f} s"
    )
    people = seeded_people(home_folder())
    say(f"the password of all is {people.password!r}; one of them is {people.usernames[0]}")


def scale(
    service: Annotated[str, typer.Argument(help="Such as timeline.", show_default=False)],
    instances: Annotated[int, typer.Argument(help="How many are to run.", show_default=False)],
) -> None:
    """Run more or fewer instances of a service, while it runs; no request is lost over it."""
    from reference_impl.cluster.scaling import scale as change

    with failures_as_exit_codes():
        cluster = change(home_folder(), service, instances, say)
    for url in cluster.gateway_urls:
        typer.echo(url)


def down() -> None:
    """Stop everything that was started here; data and logs stay."""
    from reference_impl.cluster import lifecycle

    with failures_as_exit_codes():
        count = lifecycle.down(home_folder())
    say(f"stopped {count} processes" if count else f"nothing runs in {home_folder()}")


def _have_an_index(settings: Settings) -> None:
    """Begin a search index where there is none; everything else works without."""
    from reference_impl.cluster.errors import NotReady
    from reference_impl.cluster.reindexing import begin_if_incomplete

    try:
        if begin_if_incomplete(settings):
            say("the search index is being made; feedtwin reindex would wait for it")
    except NotReady as error:
        say(f"the search index is not being made: {error}: feedtwin reindex")


def _cpus(text: str) -> set[int] | None:
    """Return the cores that a cluster may use; None for all of them."""
    from reference_impl.cluster.cores import beside_the_first

    if text == "all but the first":  # which is left to the load generator
        return beside_the_first()
    try:
        return None if text == "all" else {int(part) for part in text.split(",")}
    except ValueError:
        raise typer.BadParameter(f"--cpus takes numbers such as 0,2, got {text!r}") from None
