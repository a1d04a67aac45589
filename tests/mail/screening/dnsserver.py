"""A name server on loopback that does as it is told: it answers, hangs, fails, lies or says more than fits."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


@dataclass
class Server(asyncio.DatagramProtocol):
    """rows: (name, kind) -> (seconds to live, values), "HANG", "SERVFAIL" or "LIE"; what is not there is NXDOMAIN. alive: whether
    the root is answered for."""

    rows: dict[tuple[str, str], tuple[int, list[str]] | str] = field(default_factory=dict)
    alive: bool = True
    asked: list[tuple[str, str]] = field(default_factory=list)
    port: int = 0
    transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        said = self.answer(data, 1200)
        if said is not None and self.transport is not None:
            self.transport.sendto(said, address)

    def answer(self, data: bytes, most: int) -> bytes | None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        row = self.rows.get((name, kind), "NXDOMAIN")
        if row == "HANG" or (name == "." and not self.alive) or (name == "" and not self.alive):
            return None
        reply = dns.message.make_response(query, recursion_available=True)
        if row == "SERVFAIL":
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif isinstance(row, tuple):
            if row[1]:
                reply.answer.append(dns.rrset.from_text_list(question.name, row[0], "IN", kind, row[1]))
        elif name:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        if row == "LIE":
            reply.id ^= 1
        wire = reply.to_wire(max_size=65535)
        if len(wire) > most:
            reply.answer.clear()
            reply.flags |= dns.flags.TC
            wire = reply.to_wire()
        return wire

    async def stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            (length,) = struct.unpack("!H", await reader.readexactly(2))
            said = self.answer(await reader.readexactly(length), 65535)
            if said is not None:
                writer.write(struct.pack("!H", len(said)) + said)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(server: Server) -> AsyncIterator[str]:
    """The server while it runs; its address as the settings have it."""
    loop = asyncio.get_running_loop()
    tcp = await asyncio.start_server(server.stream, "127.0.0.1", 0)
    server.port = tcp.sockets[0].getsockname()[1]
    transport, _ = await loop.create_datagram_endpoint(lambda: server, local_addr=("127.0.0.1", server.port))
    try:
        yield f"127.0.0.1:{server.port}"
    finally:
        transport.close()
        tcp.close()
        await tcp.wait_closed()
