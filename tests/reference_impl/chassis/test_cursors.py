import pytest
from itsdangerous import URLSafeSerializer

from model.rules.ids import ID_MAX
from reference_impl.chassis.cursors import Cursors
from reference_impl.chassis.errors import BadRequest

CURSORS = Cursors("a secret")


@pytest.mark.parametrize("last", [0, 1, ID_MAX])
def test_a_cursor_is_read_as_it_was_written(last):
    cursor = CURSORS.write("posts of 1", ID_MAX, last)
    assert CURSORS.read("posts of 1", ID_MAX, cursor) == last


def test_a_cursor_can_stand_in_a_query_as_it_is():
    cursor = CURSORS.write("posts of 1", ID_MAX, ID_MAX)
    assert set(cursor) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


def test_every_process_with_the_secret_reads_it():
    assert Cursors("a secret").read("newsfeed", 1, CURSORS.write("newsfeed", 1, 9)) == 9


@pytest.mark.parametrize(
    ("purpose", "reader_id"), [("newsfeed", 1), ("posts of 2", 1), ("posts of 1", 2)]
)
def test_a_cursor_is_good_for_one_list_of_one_reader(purpose, reader_id):
    cursor = CURSORS.write("posts of 1", 1, 9)
    with pytest.raises(BadRequest, match="another list, or to another reader"):
        CURSORS.read(purpose, reader_id, cursor)


def test_a_cursor_in_which_any_character_was_changed_is_refused():
    cursor = CURSORS.write("newsfeed", 1, 9)
    for place, character in enumerate(cursor[:-1]):  # of the last one, some bits carry nothing
        forged = cursor[:place] + ("A" if character != "A" else "B") + cursor[place + 1 :]
        with pytest.raises(BadRequest):
            CURSORS.read("newsfeed", 1, forged)


@pytest.mark.parametrize("cursor", ["", "x", ".", "a.b.c", "9", "é", "\ud800", "A" * 5_000])
def test_what_is_no_cursor_is_refused(cursor):
    with pytest.raises(BadRequest, match="not one that was given out"):
        CURSORS.read("newsfeed", 1, cursor)


def test_a_cursor_signed_with_another_secret_is_refused():
    with pytest.raises(BadRequest):
        CURSORS.read("newsfeed", 1, Cursors("another").write("newsfeed", 1, 9))


@pytest.mark.parametrize("said", [None, 9, {}, ["newsfeed", 1], ["newsfeed", 1, 9, 9]])
def test_what_an_older_service_signed_is_refused(said):
    signed = URLSafeSerializer("a secret", salt="cursor").dumps(said)
    with pytest.raises(BadRequest):
        CURSORS.read("newsfeed", 1, signed)
