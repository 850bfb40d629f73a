"""Recorded requests as a table."""

import gzip

import pytest

from model.world.scenario import Endpoint, ScenarioError
from model.world.traffic.recordings import files, gathering
from model.world.traffic.recordings.tables import read_table


@pytest.fixture
def file(tmp_path):
    def write(content):
        path = tmp_path / "requests.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_requests_are_read_in_their_order(file):
    recording = read_table(file("at_s,endpoint\n0.5,post\n0.5,newsfeed\n7,post\n"))
    assert recording.at_s.tolist() == [0.5, 0.5, 7.0]
    kinds = [recording.endpoints[kind] for kind in recording.kind]
    assert kinds == [Endpoint.POST, Endpoint.NEWSFEED, Endpoint.POST]
    assert (recording.covers_s, recording.per_s) == (7.0, 3 / 7)
    assert recording.mix == {Endpoint.POST: 2 / 3, Endpoint.NEWSFEED: 1 / 3}


def test_other_columns_and_empty_lines_are_passed_over(file):
    text = 'user,endpoint,at_s\n\n"Lovelace, Ada",search,1\n\n'
    recording = read_table(file(text))
    assert (recording.endpoints, recording.at_s.tolist()) == ((Endpoint.SEARCH,), [1.0])


def test_a_mark_of_the_byte_order_belongs_to_no_column(file):
    recording = read_table(file("\ufeffat_s,endpoint\n3,image\n"))
    assert recording.at_s.tolist() == [3.0]


def test_a_packed_file_is_read_as_what_is_in_it(file):
    recording = read_table(file(gzip.compress(b"at_s,endpoint\n3,image\n")))
    assert recording.at_s.tolist() == [3.0]


def test_all_at_once_has_no_rate(file):
    assert read_table(file("at_s,endpoint\n0,post\n")).per_s == 0.0


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "line 1: there is no column 'at_s', got ''"),
        ("at_s,kind\n1,post\n", "line 1: there is no column 'endpoint', got 'at_s,kind'"),
        ("at_s,endpoint\n", "has no request of a known kind"),
        ("at_s,endpoint\n1,post\n2\n", "line 3: 1 values for 2 columns"),
        ("at_s,endpoint\nsoon,post\n", "line 2: at_s must be a number of seconds, got 'soon'"),
        ("at_s,endpoint\n2,post\n1,post\n", "line 3: at_s must rise from 0, got 1 after 2"),
        ("at_s,endpoint\n-1,post\n", "line 2: at_s must rise from 0, got -1 after 0"),
        ("at_s,endpoint\nnan,post\n", "line 2: at_s must rise from 0, got nan"),
        ("at_s,endpoint\ninf,post\n", "line 2: at_s must rise from 0, got inf"),
        ("at_s,endpoint\n1,shout\n", "line 2: endpoint must be one of register, login, "),
        (b"at_s,endpoint\n1,p\xffst\n", r"got 'p\\xffst'"),
        (gzip.compress(b"at_s,endpoint\n1,post\n", mtime=0)[:-9], "cannot be read: "),
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03nonsense", "cannot be read: "),
        ("at_s,endpoint\n1,post" + " " * 70_000, "line 2: longer than 65,536 characters"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(file, content, complaint):
    with pytest.raises(ScenarioError) as refusal:
        read_table(file(content))
    assert complaint in str(refusal.value)
    assert str(refusal.value).startswith("traffic.recorded: ")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ScenarioError, match=r"nowhere\.csv cannot be read: No such file"):
        read_table(tmp_path / "nowhere.csv")


def test_a_file_of_too_many_requests_is_refused(file, monkeypatch):
    monkeypatch.setattr(gathering, "REQUESTS_MAX", 2)
    path = file("at_s,endpoint\n1,post\n2,post\n3,post\n")
    with pytest.raises(ScenarioError, match="line 4: more than 2 requests"):
        read_table(path)


def test_a_file_that_unpacks_to_too_much_is_refused(file, monkeypatch):
    monkeypatch.setattr(files, "BYTES_MAX", 1_000)
    packed = gzip.compress(b"at_s,endpoint\n" + b"1,post\n" * 1_000)
    with pytest.raises(ScenarioError, match="the file has more than 1,000 bytes"):
        read_table(file(packed))
