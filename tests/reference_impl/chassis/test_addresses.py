import json
import logging

import pytest

from reference_impl.chassis import addresses
from reference_impl.chassis.addresses import Address, AddressBook


def urls_in(book):
    return [address.url for address in book.current()]


def test_without_a_file_the_addresses_are_those_given():
    assert urls_in(AddressBook("user", ["unix:/a", "unix:/b"])) == ["unix:/a", "unix:/b"]


def test_until_the_file_is_there_the_addresses_are_those_given(book):
    addresses_of_user = AddressBook("user", ["unix:/a"], path=book.path)
    assert urls_in(addresses_of_user) == ["unix:/a"]
    book([{"url": "unix:/b", "zone": "zone-1"}, {"url": "unix:/c"}])
    assert addresses_of_user.current() == (
        Address(url="unix:/b", zone="zone-1"),
        Address(url="unix:/c"),
    )


def test_a_file_that_is_replaced_is_read_again_and_only_then(book):
    book([{"url": "unix:/b"}])
    its = AddressBook("user", [], path=book.path)
    before = its.current()
    assert its.current() is before
    book([{"url": "unix:/c"}])
    assert urls_in(its) == ["unix:/c"]


def test_the_file_is_looked_at_once_a_second(book, monkeypatch):
    monkeypatch.setattr(addresses, "LOOK_S", 60.0)
    book([{"url": "unix:/b"}])
    its = AddressBook("user", [], path=book.path)
    its.current()
    book([{"url": "unix:/c"}])
    assert urls_in(its) == ["unix:/b"]


def test_a_file_that_says_nothing_of_a_service_leaves_those_given(book):
    book(json.dumps({"post": [{"url": "unix:/b"}]}))
    assert urls_in(AddressBook("user", ["unix:/a"], path=book.path)) == ["unix:/a"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"user": 7}', '{"user": [7]}', '{"user": [{"zone": "a"}]}', "\udcff"]
)
def test_a_file_that_is_no_book_changes_nothing_and_is_complained_of_once(book, caplog, text):
    book([{"url": "unix:/b"}])
    its = AddressBook("user", ["unix:/a"], path=book.path)
    its.current()
    book(text)
    with caplog.at_level(logging.WARNING, logger="feedtwin"):
        assert [urls_in(its) for _ in range(3)] == [["unix:/b"]] * 3
    assert len(caplog.records) == 1
    assert book.path in caplog.text


def test_a_file_that_is_gone_changes_nothing(book, tmp_path):
    book([{"url": "unix:/b"}])
    its = AddressBook("user", ["unix:/a"], path=book.path)
    its.current()
    (tmp_path / "addresses.json").unlink()
    assert urls_in(its) == ["unix:/b"]


def test_a_service_without_any_address_is_refused():
    with pytest.raises(ValueError, match="user: no instances given"):
        AddressBook("user", [])
