"""Nobody sees anything of whoever has left, once that is answered."""


async def test_a_departure_is_told_before_it_is_answered(person, posts):
    assert (await person.delete()).status == 204
    assert posts.departed == [int(person.user_id)]


async def test_a_departure_whose_posts_cannot_be_hidden_can_be_repeated(
    person, posts, store, sessions, newcomer
):
    posts.is_away = True
    for _ in range(2):
        assert (await person.delete()).status == 503
        assert await sessions.user_of(person.token) == int(person.user_id)  # to ask again
    assert (await person.look_at(person)).status == 404
    posts.is_away = False
    assert (await person.delete()).status == 204
    assert posts.departed == [int(person.user_id)]
    assert await sessions.user_of(person.token) is None
    assert await store.departure_of(int(person.user_id)) is None
    assert (await newcomer(username=person.fields["username"]).try_to_register()).status == 201
    assert (await person.delete()).status == 404


async def test_nothing_of_who_gives_the_wrong_password_is_hidden(person, posts):
    assert (await person.delete("a wrong one")).status == 403
    assert posts.departed == []
