"""The pages as a process assembles them."""

from aiohttp import web

from reference_impl.chassis.settings import Settings
from reference_impl.web.app import assemble


async def test_the_assembled_pages_ask_the_gateways_of_the_settings(
    gateway, sockets, serving_on, make
):
    fake = web.Application()
    fake.router.add_route("*", "/{path:.*}", gateway.answer)
    settings = Settings(secret=make.SECRET, gateway_urls=(f"unix:{sockets}/gateway",))
    async with (
        serving_on(sockets / "gateway", fake),
        assemble(settings) as app,
        serving_on(sockets / "web", app) as client,
    ):
        headers = {"Cookie": f"session={make.ADA}.{make.TOKEN}"}
        answer = await client.get("/photos/8000000000000001", headers=headers)
        assert answer.status == 200
        assert "Photo by Bob Stone" in await answer.text()
        assert (await client.get("/metrics")).status == 200
    assert [asked.path for asked in gateway.asked] == ["/post/8000000000000001"]
