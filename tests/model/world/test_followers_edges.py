"""Edge lists: what is read of a file, and what is refused."""

import numpy as np
import pytest

from model.world.followers import edges as edge_lists
from model.world.followers.edges import follower_counts, read_edges
from model.world.scenario import ScenarioError


@pytest.fixture
def file(tmp_path):
    def write(text, name="edges.txt"):
        (tmp_path / name).write_bytes(text.encode() if isinstance(text, str) else text)
        return tmp_path / name

    return write


def test_follower_and_followee_stand_on_a_line(file):
    text = "# who whom\n3 1\n\n 0\t1 # indented\n2,0\n1 , 2\r\n"
    edges = read_edges(file(text), users=4)
    assert edges.tolist() == [[2, 0], [0, 1], [3, 1], [1, 2]]
    assert follower_counts(edges, 5).tolist() == [1, 2, 1, 0, 0]


def test_an_edge_given_twice_counts_once(file):
    assert len(read_edges(file("1 2\n2 1\n1 2\n"), users=3)) == 2


def test_many_edges_are_read_as_they_were_written(file):
    rng = np.random.default_rng(5)
    written = np.unique(rng.integers(0, 10**6, size=(20_000, 2)), axis=0)
    written = written[written[:, 0] != written[:, 1]]
    text = "\n".join(f"{a} {b}" for a, b in rng.permutation(written))
    edges = read_edges(file(text), users=10**6)
    assert np.array_equal(edges[np.lexsort((edges[:, 1], edges[:, 0]))], written)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            "0 1\n\n1 2 3\n",
            "line 3: write the numbers of a follower and of a followee, got '1 2 3'",
        ),
        ("5\n", "line 1: write the numbers"),
        ("follower,followee\n0,1\n", "line 1: write the numbers"),
        ("0 -1\n", "line 1: write the numbers"),
        ("0 1.5\n", "line 1: write the numbers"),
        ("0 ²\n", "line 1: write the numbers"),
        ("0 1\n0 9\n", "line 2: numbers must be below people.users, which is 9, got 9"),
        ("0 " + "9" * 5_000, "line 1: numbers must be below people.users, which is 9, got 99"),
        ("4 4\n", "line 1: nobody follows oneself, got 4 twice"),
        ("# nothing\n", "holds no edge"),
        (b"0 1\n\xff\xfe\n", "is not UTF-8 text"),
    ],
)
def test_what_is_no_edge_is_refused_with_its_line(file, text, complaint):
    with pytest.raises(ScenarioError) as refusal:
        read_edges(file(text), users=9)
    assert str(refusal.value).startswith("people.followers.edges: ")
    assert f"edges.txt: {complaint}" in str(refusal.value)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ScenarioError, match="nowhere: cannot be read: No such file"):
        read_edges(tmp_path / "nowhere", users=9)


def test_more_than_can_be_held_is_refused(file, monkeypatch):
    path = file("0 1\n1 0\n0 2\n")
    monkeypatch.setattr(edge_lists, "EDGES_MAX", 2)
    with pytest.raises(ScenarioError, match="line 3: at most 2 edges"):
        read_edges(path, users=3)
    monkeypatch.setattr(edge_lists, "FILE_BYTES_MAX", 11)
    with pytest.raises(ScenarioError, match="larger than 11 bytes"):
        read_edges(path, users=3)
    with pytest.raises(ScenarioError, match=r"among at most 50000000 users, got people\.users"):
        read_edges(path, users=50_000_001)
