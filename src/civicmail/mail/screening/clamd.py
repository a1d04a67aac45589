"""A client of clamd (clamd(8)): one connection, one command, one reply. Failures are replies, too.

    client = Clamd("unix:/run/clamav/clamd.ctl")
    await client.scan(content)      ScanReply("found", "Win.Test.EICAR_HDB-1"), or "clean", or "failed" and why
    await client.version()          ScanReply("clean", "ClamAV 1.4.6/27345/Thu Nov 19 08:31:02 2026")

Commands use the z form: a NUL ends command and reply. Content is sent in chunks, each after its length (four bytes, big-endian); a
length of zero ends it. When clamd closes the connection early, its reply is still read.
"""

from __future__ import annotations

import asyncio
import contextlib
import mmap
import socket
import struct
from dataclasses import dataclass
from typing import Literal

PIECE = 1 << 18
"""Bytes that are sent at a time."""
CONNECT_SECONDS = 2.0
PING_SECONDS = 1.0
MAX_REPLY = 4_096
_LENGTH = struct.Struct("!I")
_UNIX = "unix:"
_MAX_NAME = 100  # characters of a name that a signature gives
REFUSED, TIMEOUT, BROKEN, TOO_LARGE, ERROR = "refused", "timeout", "broken", "too large", "error"


@dataclass(frozen=True, slots=True)
class ScanReply:
    """detail: the signature's name, or why the scan failed: refused, timeout, broken, too large, error."""

    kind: Literal["clean", "found", "failed"]
    detail: str = ""


def is_address(address: str) -> bool:
    """unix:/PATH or HOST:PORT, a host of IPv6 in brackets."""
    if address.startswith(_UNIX):
        return len(address) > len(_UNIX)
    host, colon, port = address.rpartition(":")
    return bool(colon and host and port.isdecimal() and 0 < int(port) < 65_536)


class Clamd:
    """address: as in is_address(); at_once: connections at a time, fewer than clamd's MaxThreads, because a milter needs some."""

    def __init__(self, address: str, at_once: int = 8) -> None:
        self._address = address
        self._connections = asyncio.Semaphore(at_once)

    async def scan(self, content: bytes | mmap.mmap, seconds: float) -> ScanReply:
        """Scan content. seconds: in total. Raises only CancelledError."""
        return await self._request(b"zINSTREAM\0", content, seconds)

    async def ping(self) -> bool:
        return (await self._request(b"zPING\0", None, PING_SECONDS)).detail == "PONG"

    async def version(self) -> ScanReply:
        return await self._request(b"zVERSION\0", None, CONNECT_SECONDS)

    async def _request(self, command: bytes, content: bytes | mmap.mmap | None, seconds: float) -> ScanReply:
        try:
            async with asyncio.timeout(seconds), self._connections:
                return await self._talk(command, content)
        except TimeoutError:
            return ScanReply("failed", TIMEOUT)
        except (OSError, ValueError, OverflowError):  # or it is no address at all
            return ScanReply("failed", REFUSED)

    async def _talk(self, command: bytes, content: bytes | mmap.mmap | None) -> ScanReply:
        """Raises OSError where nobody listens, TimeoutError."""
        loop = asyncio.get_running_loop()
        wire = await self._connected(loop)
        with contextlib.closing(wire):
            try:
                await loop.sock_sendall(wire, command)
                if content is not None:
                    await _send(loop, wire, content)
                whole = True
            except OSError:  # it has closed; what it said is still there
                whole = False
            reply = await _read_reply(loop, wire)
        if content is not None:
            return _verdict(reply, whole=whole)
        return ScanReply("clean", reply) if reply else ScanReply("failed", BROKEN)

    async def _connected(self, loop: asyncio.AbstractEventLoop) -> socket.socket:
        async with asyncio.timeout(CONNECT_SECONDS):
            if self._address.startswith(_UNIX):
                return await _connect(loop, socket.AF_UNIX, self._address.removeprefix(_UNIX))
            host, _, port = self._address.rpartition(":")
            error: OSError = ConnectionRefusedError()
            for family, _, _, _, place in await loop.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM):
                try:
                    return await _connect(loop, family, place)
                except OSError as refused:
                    error = refused
            raise error


async def _connect(loop: asyncio.AbstractEventLoop, family: int, place: object) -> socket.socket:
    wire = socket.socket(family, socket.SOCK_STREAM)
    try:
        wire.setblocking(False)
        await loop.sock_connect(wire, place)  # type: ignore[arg-type]
    except BaseException:
        wire.close()
        raise
    return wire


async def _send(loop: asyncio.AbstractEventLoop, wire: socket.socket, content: bytes | mmap.mmap) -> None:
    for at in range(0, len(content), PIECE):
        piece = content[at : at + PIECE]
        await loop.sock_sendall(wire, _LENGTH.pack(len(piece)) + piece)
    await loop.sock_sendall(wire, _LENGTH.pack(0))


async def _read_reply(loop: asyncio.AbstractEventLoop, wire: socket.socket) -> str:
    """Read up to the NUL, or what there is. A pending send error may be reported once before the reply."""
    reply, errors = b"", 0
    while b"\0" not in reply and len(reply) < MAX_REPLY:
        try:
            more = await loop.sock_recv(wire, MAX_REPLY)
        except OSError:
            errors += 1
            if errors > 1:
                break
            continue
        if not more:
            break
        reply += more
    reply, end, _ = reply.partition(b"\0")
    return reply.decode("utf-8", "replace").strip() if end else ""


def _verdict(reply: str, *, whole: bool) -> ScanReply:
    """The result of a scan. Content that was not sent whole is not clean, whatever clamd replies."""
    if reply.endswith(" FOUND"):
        name = reply.removesuffix(" FOUND").removeprefix("stream: ")
        return ScanReply("found", "".join(c if c.isprintable() and c.isascii() else "?" for c in name)[:_MAX_NAME])
    if reply == "stream: OK" and whole:
        return ScanReply("clean")
    if "size limit exceeded" in reply:
        return ScanReply("failed", TOO_LARGE)
    return ScanReply("failed", ERROR if reply.endswith("ERROR") else BROKEN)
