import pytest

from reference_impl.chassis import stages
from reference_impl.chassis.stages import Account


def test_visits_of_one_station_are_added_up():
    account = Account()
    with stages.accounting(account):
        for _ in range(3):
            with stages.visit("user_db"):
                pass
    assert account.stages["user_db"].visits == 3
    assert account.stages["user_db"].wall_ns > 0


def test_a_failed_visit_counts_too():
    account = Account()
    with stages.accounting(account), pytest.raises(KeyError), stages.visit("user_db"):
        raise KeyError
    assert account.stages["user_db"].visits == 1


def test_a_header_says_what_the_account_holds_and_reads_back_as_the_same():
    account = Account()
    account.add("user_db", wall_ns=1_500_000, visits=2)
    account.add("user", wall_ns=4_000_000, cpu_ns=1_250_000)
    assert account.header() == "user_db;dur=1.500;n=2, user;dur=4.000;cpu=1.250;n=1"
    copy = Account()
    copy.absorb(account.header())
    assert copy.stages == account.stages


def test_what_another_service_says_is_merged_into_what_was_visited_here():
    account = Account()
    account.add("user_db", wall_ns=1_000_000)
    with stages.accounting(account):
        stages.absorb("user_db;dur=2.000;n=3, media;dur=5.000;cpu=0.500;n=1")
        stages.absorb("media;dur=1.000;cpu=0.250;n=1")
    assert account.header() == "user_db;dur=3.000;n=4, media;dur=6.000;cpu=0.750;n=2"


@pytest.mark.parametrize(
    "header",
    ["", ",,,", "user", "user;dur", "user;dur=1.2.3", 'user;desc="x"', "USER;dur=1", "a" * 9999],
)
def test_a_header_that_cannot_be_read_costs_nothing_but_its_own_entry(header):
    account = Account()
    account.absorb(f"{header}, media;dur=1.000;n=1")
    assert account.stages["media"].visits == 1
    assert account.stages.keys() <= {"media", "user"}


def test_a_header_is_read_up_to_a_limit():
    account = Account()
    account.absorb(", ".join(["a;dur=1"] * 1000))
    assert account.stages["a"].visits == stages.ENTRIES_MAX


def test_cpu_time_of_a_thread_adds_to_its_visit():
    account = Account()
    with stages.accounting(account), stages.visit("password"):
        stages.charge("password", cpu_ns=2_000_000)
    assert account.stages["password"].cpu_ns == 2_000_000
    assert account.stages["password"].visits == 1


def test_where_nobody_counts_nothing_is_counted():
    with stages.visit("user_db"):
        stages.absorb("media;dur=1")
        stages.charge("password", cpu_ns=1)
    assert stages.current_account() is None


def test_a_closed_account_takes_no_more_entries():
    account = Account()
    with stages.accounting(account):
        late = stages.current_account
    assert account.is_closed
    assert late() is None
