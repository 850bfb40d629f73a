"""Which answers stay when there is no room for all."""

import pytest

from reference_impl.cdn import entries, shelf
from reference_impl.cdn.entries import Damaged, entry_of, read, written
from reference_impl.cdn.shelf import Place, Shelf

TOLD = {"accept": "*/*"}


def place(name, path="/a", *, size=10, selecting=None):
    entry = entry_of(
        path=path,
        selecting=selecting or {},
        status=200,
        headers={"Cache-Control": "max-age=60"},
        size_bytes=size,
        digest="0" * 64,
        received_s=1.5,
        age_on_arrival_s=0.5,
    )
    return Place(entry=entry, name=name, file_bytes=size)


def found(shelf, told):
    its = shelf.find("/a", told)
    return its and its.name


def put(shelf, its):
    gone = shelf.make_room(its.file_bytes)
    assert gone is not None
    return [place.name for place in (*gone, *shelf.put(its))]


def test_room_that_is_promised_is_not_promised_again():
    shelf = Shelf(30)
    assert shelf.make_room(20) == []
    assert shelf.make_room(20) is None
    assert shelf.make_room(10) == []
    shelf.give_room_back(10)
    shelf.put(place("a", size=20))
    assert [its.name for its in shelf.make_room(20) or ()] == ["a"]
    assert shelf.bytes_used == 0


def test_a_new_answer_takes_the_place_of_the_one_to_the_same_request():
    shelf = Shelf(100)
    put(shelf, place("a", selecting={"accept": "*/*"}))
    put(shelf, place("b", selecting={"accept": "image/webp, */*"}))
    assert put(shelf, place("c", selecting={"accept": "*/*"})) == ["a"]
    assert found(shelf, TOLD) == "c"
    assert found(shelf, {"accept": "image/webp, */*"}) == "b"
    assert shelf.bytes_used == 20


def test_of_several_answers_to_a_request_the_latest_is_found():
    shelf = Shelf(100)
    put(shelf, place("a"))
    put(shelf, place("b", selecting={"accept": "*/*"}))
    assert found(shelf, TOLD) == "b"
    assert found(shelf, {"accept": "image/webp, */*"}) == "a"


def test_a_path_has_so_many_variants_and_no_more():
    shelf_ = Shelf(10_000)
    gone = [put(shelf_, place(str(n), selecting={"accept": str(n)})) for n in range(10)]
    assert gone == [[]] * shelf.VARIANTS_MAX + [["0"], ["1"]]
    assert len(shelf_) == shelf.VARIANTS_MAX


def test_the_number_of_answers_is_bounded_however_small_they_are(monkeypatch):
    monkeypatch.setattr(shelf, "ENTRIES_MAX", 2)
    shelf_ = Shelf(10_000)
    assert [put(shelf_, place(name, f"/{name}")) for name in "abc"] == [[], [], ["a"]]


def test_what_is_gone_is_not_renewed():
    shelf = Shelf(100)
    its = place("a")
    put(shelf, its)
    shelf.remove(its)
    shelf.renew(its, its.entry)
    assert shelf.find("/a", TOLD) is None
    assert not shelf.holds(its)


def test_an_entry_is_read_as_it_was_written():
    its = place("a", selecting=TOLD).entry
    head = written(its)
    assert read(head + b"\n content") == (its, len(head))


@pytest.mark.parametrize("start", [b"", b"\n", b"x y\n", b"0" * 64 + b" {}\n"])
def test_what_no_edge_wrote_is_no_entry(start):
    with pytest.raises(Damaged):
        read(start)


def test_every_flipped_bit_of_an_entry_is_noticed():
    head = written(place("a").entry)
    for at in range(len(head)):
        for bit in range(8):
            flipped = bytearray(head)
            flipped[at] ^= 1 << bit
            with pytest.raises(Damaged):
                read(bytes(flipped))


def test_an_entry_of_another_version_is_damaged():
    said = b'{"path": "/a"}'
    with pytest.raises(Damaged, match="not an entry"):
        read(b"%s %s\n" % (entries._checksum(said), said))
