"""A server of known behaviour, run as a process: `python stub_gateway.py '{"delay_s": 0.02}'`.

It prints its address, then serves until stdin ends.  `socket`: where it listens instead of TCP.
  `delay_s`: every answer waits this long on a
timer.  `service_mean_s`: answers are served one after the other, each for an exponential time
(an M/M/1 queue; times drawn from `seed`).  `freeze_at` and `freeze_s`: from this many requests
on the whole process stands still once.  `stall`: no answer until /release is asked for.
`status`: what is answered.  /stats says how many requests came and flew at once.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time

from aiohttp import web


class Gateway:
    def __init__(self, manner):
        self.manner = manner
        self.seen = 0
        self.in_flight = 0
        self.in_flight_most = 0
        self.calls = []
        self.released = asyncio.Event()
        self.server = asyncio.Lock()
        self.chance = random.Random(manner.get("seed", 1))

    async def answer(self, request):
        self.seen += 1
        self.in_flight += 1
        self.in_flight_most = max(self.in_flight, self.in_flight_most)
        begun_s = time.perf_counter()
        try:
            await self.behave(request)
        finally:
            self.in_flight -= 1
        wall_ms = (time.perf_counter() - begun_s) * 1e3
        timing = f"gateway;dur={wall_ms:.3f};cpu=0.2;n=1, timeline_store;dur=0.1;n=2"
        return web.json_response(
            {"posts": []},
            status=self.manner.get("status", 200),
            headers={"Server-Timing": timing},
        )

    async def behave(self, request):
        body = await request.read()
        if self.manner.get("remember"):
            authorization = request.headers.get("Authorization", "")
            self.calls.append([request.method, request.path, authorization, len(body)])
        if self.seen == self.manner.get("freeze_at"):
            time.sleep(self.manner["freeze_s"])  # noqa: ASYNC251 - standing still is the point
        if self.manner.get("stall"):
            await self.released.wait()
        if "service_mean_s" in self.manner:
            async with self.server:
                wanted_s = self.chance.expovariate(1 / self.manner["service_mean_s"])
                await asyncio.to_thread(time.sleep, wanted_s)
        elif "delay_s" in self.manner:
            await asyncio.sleep(self.manner["delay_s"])

    async def stats(self, request):
        return web.json_response(
            {"seen": self.seen, "in_flight_most": self.in_flight_most, "calls": self.calls}
        )

    async def release(self, request):
        self.released.set()
        return web.Response()


async def serve(manner):
    gateway = Gateway(manner)
    app = web.Application()
    app.router.add_get("/stats", gateway.stats)
    app.router.add_post("/release", gateway.release)
    app.router.add_route("*", "/{path:.*}", gateway.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    if "socket" in manner:
        await web.UnixSite(runner, manner["socket"]).start()
        print(f"unix:{manner['socket']}", flush=True)
    else:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve(json.loads(sys.argv[1])))
