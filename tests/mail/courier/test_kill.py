"""kill -9 of a courier that is handing over: all are served, and who is served twice has a record that says why (promise 1)."""

from __future__ import annotations

import asyncio
import random
import re
import signal
import sys
from collections import Counter

COURIER = """
import asyncio, pathlib, sys
from civicmail.core.config.settings import City, Courier, Settings
from civicmail.mail.courier import deliver
async def main():
    settings = Settings(city=City(domains=["city.example"]), courier=Courier(outbound=sys.argv[2], concurrency=5))
    print("ready", flush=True)
    await deliver.run(settings, pathlib.Path(sys.argv[1]), asyncio.Event(), None, lambda: int(sys.argv[3]))
asyncio.run(main())
"""


def test_killed_again_and_again_nobody_is_forgotten_and_nobody_is_served_twice_without_a_word(town, next_hop):
    async def story():
        hop, chance = await next_hop(), random.Random(7)
        town.use(outbound=str(hop))
        ids = [town.keep(f"r{i}@out.example", text=b"Subject: n%d\r\n\r\n" % i, message_id="") for i in range(200)]
        ids += [town.keep(f"l{i}@city.example", text=b"Subject: l%d\r\n\r\n" % i, message_id="") for i in range(50)]
        for _ in range(5):
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", COURIER, str(town.data), str(hop), str(town.now), stdout=asyncio.subprocess.PIPE
            )
            await process.stdout.readline()
            before, wanted = len(hop.messages), chance.randint(1, 30)
            while len(hop.messages) - before < wanted and len(hop.messages) < 180:
                await asyncio.sleep(0.001)
            process.send_signal(signal.SIGKILL)
            await process.wait()
        async with town.courier():
            await town.ends(*ids)
        await hop.stop()
        served = Counter(re.search(rb"Subject: n(\d+)", m.content).group(1) for m in hop.messages)
        assert len(served) == 200
        again = Counter()
        for head in town.records():
            if head["type"] == "attempt" and head["facts"].get("redelivered"):
                again[head["id"]] += 1
        heads = {h["id"]: h["envelope"]["to"][0]["a"] for h in town.records() if h["type"] == "receipt"}
        explained = Counter({re.sub(r"\D", "", heads[id_]).encode(): n for id_, n in again.items()})
        assert all(n - 1 <= explained[k] for k, n in served.items())
        assert all(len(town.mailbox(f"l{i}")) == 1 for i in range(50))

    asyncio.run(story())
