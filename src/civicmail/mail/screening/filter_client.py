"""A client of filter programs: one connection and one reply for each message, and a pause after a program that does not answer."""

from __future__ import annotations

import asyncio
import mmap
from dataclasses import dataclass

MAX_REPLY = 1 << 20
"""Bytes of a reply; a longer one is invalid."""
REST_SECONDS = 10.0
"""Pause after a program that did not answer in time."""


class Unanswered(Exception):
    """No reply; the message is the reason: refused, timeout, broken. It never leaves the checks."""


@dataclass(slots=True)
class Program:
    """rests_until: end of the pause, in seconds of the loop's clock."""

    host: str
    port: int
    rests_until: float = float("-inf")

    async def exchange(self, head: bytes, content: bytes | mmap.mmap, seconds: float, *, half: bool = False) -> bytes:
        """Send head and content; read until the program closes. half: close our side first, which some programs need and others
        take for a disconnect. Raises Unanswered."""
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
    """address: "host:port", with or without a scheme. port: the default."""
    place = address.rpartition("://")[2].rstrip("/")
    host, colon, number = place.rpartition(":")
    if not colon or not number.isdigit():
        return Program(place.strip("[]"), port)
    return Program(host.strip("[]"), int(number))
