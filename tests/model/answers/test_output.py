"""How the command ends when nobody takes what it prints, as a shell sees it."""

import subprocess
import sys
from pathlib import Path

import pytest

from model.answers.output import unwritten_output_leaves
from model.rules.exits import Exit

LAPTOP = str(Path(__file__).parents[3] / "scenarios" / "laptop.toml")
COMMAND = (sys.executable, "-c", "import feedtwin; feedtwin.main()")
FULL = "stdout: cannot be written: No space left on device"
VERBS = [("fields",), ("show", LAPTOP), ("--help",)]  # the last is printed by another library

every_verb = pytest.mark.parametrize("words", VERBS, ids=lambda words: words[0])


def on_a_full_disk(*words):
    with Path("/dev/full").open("w") as full:
        return subprocess.run(words, check=False, stdout=full, stderr=subprocess.PIPE, text=True)


@every_verb
def test_a_full_disk_is_said_in_one_line(words):
    ended = on_a_full_disk(*COMMAND, *words)
    assert (ended.returncode, ended.stderr) == (Exit.USAGE, f"{FULL}\n")


@every_verb
def test_a_reader_who_has_left_is_no_mistake(words):
    running = subprocess.Popen(
        [*COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    running.stdout.close()
    assert running.stderr.read() == ""
    assert running.wait() == Exit.UNREAD


def test_little_that_stays_unwritten_until_the_end_is_told_too():
    words = "from model.answers.output import unwritten_output_leaves as leaving\n"
    ended = on_a_full_disk(sys.executable, "-c", words + "with leaving(): print('word')")
    assert (ended.returncode, ended.stderr) == (Exit.USAGE, f"{FULL}\n")


def printed_and_missed():
    with unwritten_output_leaves():
        print("word")
        sys.exit(Exit.MISSED)


def test_what_is_printed_comes_out_and_the_exit_code_stays(capsys):
    with pytest.raises(SystemExit) as left:
        printed_and_missed()
    assert left.value.code == Exit.MISSED
    assert capsys.readouterr() == ("word\n", "")


def test_failures_of_other_files_are_not_taken_for_those_of_stdout(tmp_path):
    with pytest.raises(FileNotFoundError), unwritten_output_leaves():
        (tmp_path / "nothing").read_text()


def test_where_stdout_was_closed_before_all_goes_on(monkeypatch):
    monkeypatch.setattr(sys, "__stdout__", None)
    monkeypatch.setattr(sys, "stdout", None)
    with unwritten_output_leaves():
        print("word")
