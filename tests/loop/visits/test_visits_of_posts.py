"""What a post of each kind visits is what the model's does."""

from model.world.kinds import Kinds

OF_IMAGES = ("media", "darkroom", "object_store")


async def author(house):
    """Somebody whose timeline is there."""
    person = await house.person()
    await person.page()
    return person


async def test_a_text_makes_the_visits_of_an_image_but_those_for_the_image(house, modelled):
    ada = await author(house)
    visits = await ada.say()
    assert visits == modelled.visits("post", kinds=Kinds(image_share=0.0))
    assert visits == modelled.visits("post", kinds=Kinds(), without=OF_IMAGES)


async def test_a_video_is_stored_without_being_decoded(house, modelled):
    ada = await author(house)
    visits = await ada.film()
    assert visits == modelled.visits("post", kinds=Kinds(image_share=0.0, video_share=1.0))
    assert visits == modelled.visits("post", kinds=Kinds(), without=["darkroom"])
