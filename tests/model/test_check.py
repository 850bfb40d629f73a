"""The verb that reads scenarios and says what is wrong, as somebody types it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from feedtwin import command
from model.rules.exits import Exit

LAPTOP = Path(__file__).parents[2] / "scenarios" / "laptop.toml"


@pytest.fixture
def checked(tmp_path):
    """Check a scenario that lays this over the laptop's."""

    def run(said):
        path = tmp_path / "tiny.toml"
        path.write_text(f'extends = "{LAPTOP}"\n{said}', encoding="utf-8")
        return CliRunner().invoke(command(), ["check", str(path)])

    return run


def test_the_quick_form_is_checked_too(checked):
    done = checked('quick = ["bla"]\n')
    assert done.exit_code == Exit.USAGE
    assert done.stderr.endswith("tiny.toml: quick: bla: write key.path=value\n")


def test_what_a_recording_leaves_out_is_told_and_is_not_wrong(checked, tmp_path):
    line = '192.0.2.7 - - [10/Oct/2025:13:55:{:02}.000 +0000] "GET {} HTTP/1.1" 200 9\n'
    asked = [(s, "/livez" if s == 9 else "/user/1/newsfeed") for s in range(60)]
    log = "".join(line.format(*each) for each in asked)
    (tmp_path / "access.log").write_text(log, encoding="utf-8")
    recorded = "recorded = { file = 'access.log', form = 'access-log' }\n"
    done = checked(f"[traffic]\nrate = '1/s'\n{recorded}")
    assert (done.exit_code, done.stdout) == (Exit.MET, "")
    assert "1 of the 60 requests left out, being of other routes: GET /livez (1)" in done.stderr
