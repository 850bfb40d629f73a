import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from reference_impl.chassis import settings
from reference_impl.chassis.settings import PREFIX, Settings, SettingsError

ROOT = Path(__file__).parents[3]
ROW = re.compile(r"^\| (_?FEEDTWIN_[A-Z_]+(?:, _?[A-Z_]+)*) \| .+ \|$", re.MULTILINE)


def variables_in(text):
    """Return the names in a table of variables; `_X` after the first stands for FEEDTWIN_X."""
    names = [name for row in ROW.findall(text) for name in row.split(", ")]
    return [PREFIX + name.removeprefix("_").removeprefix(PREFIX) for name in names]


def test_the_table_has_every_variable_once():
    documented = variables_in(settings.__doc__)
    assert sorted(documented) == sorted(PREFIX + its.name.upper() for its in fields(Settings))


def test_there_is_no_second_table():
    sources = [
        path
        for path in (*ROOT.rglob("*.py"), *ROOT.rglob("*.md"))
        if ".venv" not in path.parts and path != Path(settings.__file__)
    ]
    assert len(sources) > 50
    assert [path for path in sources if variables_in(path.read_text(errors="replace"))] == []


def test_settings_read_back_as_they_were_written():
    given = Settings(
        user_databases=("postgresql:///a", "postgresql:///b"),
        rate_limits=False,
        access_log=True,
        drain_notice_s=0.25,
        in_flight_max=7,
        policy='{"strategy": "pull"}',
    )
    assert Settings.from_environment(given.to_environment()) == given


@pytest.mark.parametrize("secret", ["", "x", "x" * 31, "x" * 31 + " ", "x" * 31 + "\n", "ö" * 40])
def test_a_secret_that_could_be_guessed_or_is_none_is_refused(secret):
    with pytest.raises(SettingsError, match=r"^FEEDTWIN_SECRET: must have at least 32 characters"):
        Settings.from_environment({"FEEDTWIN_SECRET": secret})


def test_a_secret_of_the_least_length_is_taken():
    assert Settings.from_environment({"FEEDTWIN_SECRET": "x" * 32}).secret == "x" * 32


def test_what_is_absent_takes_its_default():
    assert Settings.from_environment({"PATH": "/bin"}) == Settings()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("TIMELINES_BY", "shard"),
        ("TIMELINES_BY", ""),
        ("FOLLOWS_KEPT", "none"),
        ("RATE_LIMITS", "yes"),
        ("ACCESS_LOG", ""),
        ("SERVER_TIMING", "2"),
        ("IN_FLIGHT_MAX", "0"),
        ("IN_FLIGHT_MAX", "-1"),
        ("IN_FLIGHT_MAX", "many"),
        ("IN_FLIGHT_MAX", "1.5"),
        ("CONNECTIONS_PER_ADDRESS", "0"),
        ("DATABASE_CONNECTIONS", "0"),
        ("TIMELINE_CAP", "0"),
        ("PAGE_LIMIT", "0"),
        ("PAGE_LIMIT", "101"),
        ("DRAIN_NOTICE_S", "-0.1"),
        ("DRAIN_NOTICE_S", "nan"),
        ("DRAIN_NOTICE_S", "soon"),
        ("MERGE_AUTHORS_FRESH_S", "inf"),
        ("POLICY", "hybrid"),
        ("POLICY", "[]"),
        ("POLICY", "null"),
        ("POLICY", '{"strategy": "shove"}'),
    ],
)
def test_a_bad_value_is_refused_by_the_name_of_its_variable(name, text):
    with pytest.raises(SettingsError, match=f"^FEEDTWIN_{name}: "):
        Settings.from_environment({f"FEEDTWIN_{name}": text})


def test_a_bad_value_is_refused_wherever_it_comes_from():
    with pytest.raises(SettingsError, match="FEEDTWIN_FOLLOWS_KEPT: must be both or follower"):
        replace(Settings(), follows_kept="reverse")


def test_limits_themselves_are_allowed():
    Settings(page_limit=100, in_flight_max=1, drain_notice_s=0.0)


def test_what_is_secret_is_not_in_the_words_for_the_settings():
    secrets: Any = {
        "secret": "s3cret",
        "user_databases": ("postgresql://u:s3cret@host/feedtwin",),
        "post_databases": ("postgresql://u:s3cret@host/feedtwin",),
        "timeline_stores": ("redis://:s3cret@host",),
        "broker": "redis://:s3cret@host",
        "session_store": "redis://:s3cret@host",
        "objects": "s3://s3cret@bucket",
    }
    assert "s3cret" not in repr(replace(Settings(), **secrets))
