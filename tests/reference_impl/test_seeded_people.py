import re

from reference_impl.seeding.names import CITIES, FIRST_NAMES, LAST_NAMES, LIKES
from reference_impl.seeding.persons import persons_of
from reference_impl.user.profiles import USERNAME_PATTERN

MANY = 60_000  # more than there are pairs of names, so that every pair has namesakes


def test_nobody_shares_a_username_or_an_email_and_every_username_could_be_registered():
    persons = persons_of(1, MANY)
    usernames = [person.username for person in persons]
    assert len(set(usernames)) == len({person.email for person in persons}) == MANY
    assert all(re.fullmatch(USERNAME_PATTERN, username) for username in usernames)
    assert usernames == [username.lower() for username in usernames]  # as they are reserved


def test_a_username_is_the_name_and_only_namesakes_have_a_number():
    persons = persons_of(1, MANY)
    numbered = re.compile(r"([a-z]+\.[a-z]+)(\d*)")
    seen = set()
    for person in persons:
        matched = numbered.fullmatch(person.username)
        assert matched
        name, number = matched.groups()
        assert bool(number) == (name in seen)
        seen.add(name)


def test_a_larger_world_begins_with_the_people_of_a_smaller_one():
    assert persons_of(7, 2_000)[:300] == persons_of(7, 300)


def test_another_seed_brings_other_people():
    assert persons_of(1, 50) != persons_of(2, 50)


def test_the_lists_name_nothing_twice():
    for options in (FIRST_NAMES, LAST_NAMES, CITIES, LIKES):
        assert len(set(options)) == len(options)
