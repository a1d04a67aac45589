"""One question to another program, one answer: a connection for each message, and a rest for a program that does not answer."""

from __future__ import annotations

import asyncio
import mmap
from dataclasses import dataclass

MAX_REPLY = 1 << 20
"""Bytes of an answer; more is no answer."""
REST_SECONDS = 10.0
"""After a program that did not answer in time, how long nobody is made to wait for it."""


class Unanswered(Exception):
    """There is no answer; the message says why in a word: refused, timeout, broken. Never leaves the checks."""


@dataclass(slots=True)
class Program:
    """rests_until: seconds of the loop's clock."""

    host: str
    port: int
    rests_until: float = float("-inf")

    async def exchange(self, head: bytes, content: bytes | mmap.mmap, seconds: float, *, half: bool = False) -> bytes:
        """Send head and content, and read until the program closes. half: close our half behind it, which some take for the end of
        the question and others for somebody who has left. Raises Away."""
        loop = asyncio.get_running_loop()
        if loop.time() < self.rests_until:
            raise Unanswered("timeout")
        try:
            async with asyncio.timeout(seconds):
                return await self._exchange(head, content, half=half)
        except TimeoutError:
            self.rests_until = loop.time() + REST_SECONDS
            raise Unanswered("timeout") from None
        except ConnectionRefusedError:
            raise Unanswered("refused") from None
        except OSError:
            raise Unanswered("broken") from None

    async def _exchange(self, head: bytes, content: bytes | mmap.mmap, *, half: bool) -> bytes:
        reader, writer = await asyncio.open_connection(self.host, self.port)
        try:
            writer.write(head)
            writer.write(bytes(content))
            await writer.drain()
            if half:
                writer.write_eof()
            reply = bytearray()
            while piece := await reader.read(1 << 16):
                reply += piece
                if len(reply) > MAX_REPLY:
                    raise Unanswered("broken")
            return bytes(reply)
        finally:
            writer.close()


def program_at(address: str, port: int) -> Program:
    """address: "host:port", with or without a scheme before it. port: where it says none."""
    place = address.rpartition("://")[2].rstrip("/")
    host, colon, number = place.rpartition(":")
    if not colon or not number.isdigit():
        return Program(place.strip("[]"), port)
    return Program(host.strip("[]"), int(number))
