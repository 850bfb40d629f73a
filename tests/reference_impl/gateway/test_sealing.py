import pytest

from reference_impl.gateway.sealing import Seal

ANSWER = b'{"token": "secret"}'


@pytest.fixture
def seal():
    return Seal("our secret", b"name")


@pytest.mark.parametrize("content", [b"", b"\0", b"\0\0x", ANSWER, b"x" * 10_000])
def test_what_was_sealed_can_be_opened(seal, content):
    assert seal.open(seal.close(content)) == content


def test_a_record_tells_nothing_of_its_content(seal):
    record = seal.close(ANSWER)
    assert ANSWER not in record
    assert not any(ANSWER[at : at + 4] in record for at in range(len(ANSWER) - 4))


def test_two_records_of_one_content_have_nothing_in_common(seal):
    assert seal.close(ANSWER)[-len(ANSWER) :] != seal.close(ANSWER)[-len(ANSWER) :]


@pytest.mark.parametrize("other", [Seal("another", b"name"), Seal("our secret", b"another")])
def test_nobody_else_can_open_it(seal, other):
    assert other.open(seal.close(ANSWER)) is None


def test_a_record_that_was_touched_is_none(seal):
    record = seal.close(ANSWER)
    for at in range(len(record)):
        touched = record[:at] + bytes([record[at] ^ 1]) + record[at + 1 :]
        assert seal.open(touched) is None


@pytest.mark.parametrize("record", [b"", b"x", b"x" * 47, b"x" * 100])
def test_what_is_no_record_cannot_be_opened(seal, record):
    assert seal.open(record) is None


def test_digests_differ_by_content_purpose_and_secret(seal):
    digests = {
        seal.digest("body", b"a"),
        seal.digest("body", b"b"),
        seal.digest("name", b"a"),
        Seal("another", b"name").digest("body", b"a"),
    }
    assert len(digests) == 4
    assert seal.digest("body", b"a") in digests
