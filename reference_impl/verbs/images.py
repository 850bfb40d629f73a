"""`feedtwin images`: how far the images are, what they take up, and what compression saves."""

from __future__ import annotations

from model.answers.tables import Format, print_table
from model.answers.terminal import TableFormat, home_folder
from reference_impl.cluster.storage import COLUMNS, stored_images
from reference_impl.verbs.failures import failures_as_exit_codes


def images(form: TableFormat = Format.TABLE) -> None:
    """Show how many images are pending, ready and failed, and the bytes that they take up."""
    from reference_impl.cluster.lifecycle import running_in

    with failures_as_exit_codes():
        rows = stored_images(running_in(home_folder()).settings)
    print_table([tuple(row.values()) for row in rows], COLUMNS, form)
