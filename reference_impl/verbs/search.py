"""`feedtwin reindex`: the search index made anew, while the one that is there serves."""

from __future__ import annotations

from model.answers.tables import Format, print_table
from model.answers.terminal import TableFormat, home_folder, say
from reference_impl.verbs.failures import failures_as_exit_codes

COLUMNS = ("shard", "users", "complete", "rebuild")


def reindex(form: TableFormat = Format.TABLE) -> None:
    """Make the search index anew from the users there are, and wait until it serves.

    Searches are answered meanwhile.  Interrupted, it goes on without being watched.
    """
    from reference_impl.cluster.lifecycle import running_in
    from reference_impl.cluster.reindexing import reindex as make

    with failures_as_exit_codes():
        shards = make(running_in(home_folder()).settings, say)
    rows = [(shard.number, shard.users, shard.is_complete, shard.rebuild) for shard in shards]
    print_table(rows, COLUMNS, form)
