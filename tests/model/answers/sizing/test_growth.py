"""Growth: what runs out, when, and what first, against growth reckoned year by year."""

import math

import pytest

from model.answers.sizing.rows import first_sentence

SMALL = {"image_size": "20 kB"}  # so that the pipeline is not what runs out first


def horizon(sizing, name):
    return next(each for each in sizing.outlook.horizons if each.resource.name == name)


def test_what_grows_with_requests_runs_out_in_the_year_that_compound_growth_says(sized):
    growth = {"users_per_year": 0.3, "requests_per_year": 0.1, "years": 20}
    fleet = {"gateway": {"instances": 40}}
    cores = horizon(sized(growth=growth, fleet=fleet), "cores of gateway")
    years = math.log(cores.room.value) / math.log(1.3 * 1.1)
    assert cores.runs_out == math.ceil(years)
    assert cores.lasts_years == pytest.approx(years)
    assert cores.shares[5] == pytest.approx(cores.shares[0] * (1.3 * 1.1) ** 5)


def test_timelines_grow_with_users_and_not_with_what_they_ask_for(sized):
    growth = {"users_per_year": 0.3, "requests_per_year": 5.0}
    memory = horizon(sized(growth=growth), "memory of timeline_store")
    assert memory.shares[3] == pytest.approx(memory.shares[0] * 1.3**3)


def test_posts_pile_up_day_by_day_for_as_long_as_they_are_kept(sized):
    growth = {"users_per_year": 0.5, "requests_per_year": 0.0, "years": 4}
    sizing = sized(growth=growth)
    posts = horizon(sizing, "disk of post_db")
    now = sizing.figure("rows of posts there are, one copy").value
    a_day = sizing.figure("rows of posts").value
    for year in range(5):
        days = range(round(365.25 * year))
        kept = [day for day in days if day >= len(days) - 2 * 365.25]  # two years
        stored = now + math.fsum(a_day * 1.5 ** ((day + 0.5) / 365.25) for day in kept)
        assert posts.shares[year] == pytest.approx(stored / (4 * 2e12), rel=0.002), year


def test_without_growth_disks_fill_up_to_what_the_sizing_says_and_no_further(sized):
    growth = {"users_per_year": 0.0, "requests_per_year": 0.0, "years": 4}
    disk = horizon(sized(growth=growth), "disk of post_db")
    assert disk.lasts_years is None
    assert disk.shares[2] == disk.shares[4] == pytest.approx(disk.resource.share.value)
    assert disk.shares[0] < disk.shares[1] < disk.shares[2]


def test_the_first_to_run_out_comes_first_and_its_room_is_gone(sized):
    outlook = sized(people=SMALL).outlook
    years = [math.inf if each.runs_out is None else each.runs_out for each in outlook.horizons]
    assert years == sorted(years)
    assert outlook.first is outlook.horizons[0]
    assert outlook.first.resource.name == "cores of broker"
    assert outlook.first.lasts_years == 0
    assert outlook.first.room.value == min(e.room.value for e in outlook.horizons if e.shares[0])
    assert first_sentence(outlook) == "Today's peak is more than the cores of broker may take."


def test_what_runs_out_later_is_named_with_its_year(sized):
    fleet = {"machine": {"memory": "1000 GB"}} | {
        role: {"instances": 10} for role in ("gateway", "post", "timeline", "fanout", "follow")
    }
    growth = {"busy_max": 0.99, "users_per_year": 0.1}
    outlook = sized(fleet=fleet, growth=growth, people=SMALL).outlook
    assert outlook.first.runs_out > 0
    name, year = outlook.first.resource.name, outlook.first.runs_out
    assert first_sentence(outlook) == f"The first to run out: {name}, in year {year}."


def test_a_fleet_that_is_large_enough_for_all_years_has_no_first(sized):
    machine = {"cores": 8, "memory": "9000 GB", "disk": "9000 TB"}
    fleet = {"machine": machine} | {
        role: {"instances": 40} for role in ("gateway", "post", "timeline", "fanout", "follow")
    }
    growth = {"years": 1, "users_per_year": 0.01, "busy_max": 0.99}
    sizing = sized(fleet=fleet, growth=growth, people=SMALL)
    lasting = [each for each in sizing.outlook.horizons if each.runs_out is None]
    assert len(lasting) == len(sizing.outlook.horizons), sizing.outlook.first
    assert sizing.outlook.first is None
    assert first_sentence(sizing.outlook).startswith("Nothing that is known runs out")


def test_what_nobody_knows_comes_last_and_is_counted(asked, learnt):
    from model.answers.sizing import growth_of

    outlook = growth_of(asked(), learnt(but={("newsfeed", "timeline")}))
    assert outlook.horizons[-1].resource.name == "cores of timeline"
    assert not outlook.horizons[-1].is_known
    assert "Of 1 resources the use is not known" in first_sentence(outlook)


def test_a_resource_that_is_not_asked_for_has_no_room_to_speak_of(sized):
    threads = horizon(sized(), "cores of search")
    assert threads.room.formula == "not known: nothing is asked of it"
    assert threads.runs_out is None
