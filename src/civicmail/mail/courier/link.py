"""One connection to a next hop: the wire client on an asyncio transport, with TLS as the settings want it."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from typing import Literal

from civicmail.core.config.settings import Courier
from civicmail.core.wire.client import Client, ClientEvent, Closing, Greeted, Hello, TlsAnswer
from civicmail.core.wire.hosts import public_addresses
from civicmail.mail.courier.errors import HopDown, LinkLost
from civicmail.mail.courier.hops import Hop

_CONNECT_SECONDS = 30


class Link(asyncio.Protocol):
    """A greeted connection. `client` says what to send; `event` waits for the reply. Never read by two tasks."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.tls = ""
        self.served = 0  # transactions so far
        self._transport: asyncio.Transport | None = None
        self._events: deque[ClientEvent] = deque()
        self._came = asyncio.Event()
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._lost = False

    # -- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._events.extend(self.client.feed(data))
        self.flush()
        self._came.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True
        self._may_write.set()
        self._came.set()

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()

    # -- what the courier calls

    @property
    def is_usable(self) -> bool:
        """Open, and the server owes nothing."""
        return not self._lost and self.client.is_idle and not self._events

    def flush(self) -> None:
        """Write what the client wants to say."""
        if (out := self.client.take_output()) and self._transport is not None and not self._lost:
            self._transport.write(out)

    async def drain(self, seconds: float) -> None:
        """Wait until the next hop has read enough; LinkLost when it does not."""
        if not self._may_write.is_set():
            try:
                async with asyncio.timeout(seconds):
                    await self._may_write.wait()
            except TimeoutError:
                raise LinkLost(f"the next hop read nothing for {seconds:g} s") from None
        if self._lost or self.client.closed:
            raise LinkLost(self.client.closed or "connection lost")

    async def event(self, seconds: float) -> ClientEvent:
        """The next event; LinkLost when the connection ends or nothing comes."""
        while not self._events:
            if self._lost:
                raise LinkLost("connection lost")
            self._came.clear()
            try:
                async with asyncio.timeout(seconds):
                    await self._came.wait()
            except TimeoutError:
                raise LinkLost(f"no answer for {seconds:g} s") from None
        return self._events.popleft()

    async def start_tls(self, context: ssl.SSLContext, name: str, seconds: float) -> None:
        """Go over to TLS after a good answer to STARTTLS. Errors are ssl.SSLError and OSError."""
        assert self._transport is not None
        loop = asyncio.get_running_loop()
        transport = await loop.start_tls(
            self._transport, self, context, server_hostname=name, ssl_handshake_timeout=min(seconds, 30)
        )
        if transport is None:
            raise ConnectionResetError("the connection ended during the handshake")
        self._transport = transport
        self.client.secured()
        tls = transport.get_extra_info("ssl_object")
        self.tls = f"{tls.version()} {tls.cipher()[0]}"

    @property
    def tls_object(self) -> ssl.SSLObject:
        """The TLS object of the connection, once it has one."""
        assert self._transport is not None
        ssl_object: ssl.SSLObject = self._transport.get_extra_info("ssl_object")
        return ssl_object

    def close(self) -> None:
        """Say goodbye when there is nothing under way, and close."""
        if self._transport is not None:
            if self.is_usable:
                self.client.quit()
                self.flush()
            self._transport.close()

    def abort(self) -> None:
        """Close at once, so that the next hop throws away a message that has no end."""
        if self._transport is not None:
            self._transport.abort()


async def open_link(hop: Hop, hostname: str, rules: Courier) -> Link:
    """Connect, greet, and start TLS as rules.tls says. Raises HopDown if the next hop cannot be used now."""
    tls = rules.tls
    while True:
        link = await connect(hop, hostname)
        try:
            await greet(link, rules.timeout)
            if tls != "off" and "STARTTLS" in link.client.offers:
                await _upgrade(link, hop, rules)
            elif tls == "required":
                raise HopDown(f"{hop} offers no TLS, and it is required.")
        except (ssl.SSLError, OSError) as error:
            link.abort()
            if tls == "opportunistic":
                tls = "off"  # better plain than not at all: that is what opportunistic means
                continue
            raise HopDown(f"{hop}: TLS failed: {_words(error)}.") from None
        except LinkLost as error:
            link.abort()
            raise HopDown(f"{hop}: {error}.") from None
        except BaseException:
            link.abort()
            raise
        return link


async def connect(hop: Hop, hostname: str, inside: Sequence[str] | None = None) -> Link:
    """Open a connection without a greeting. inside: networks besides the internet in which a hop named by a stranger's zone may be;
    None: a hop of the settings, wherever it is. Raises HopDown."""
    protocol: Literal["smtp", "lmtp"] = "lmtp" if hop.kind == "lmtp" else "smtp"
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            return await _reach(lambda: Link(Client(hostname, protocol)), hop, inside)
    except TimeoutError:
        raise HopDown(f"{hop}: no connection within {_CONNECT_SECONDS} s.") from None
    except OSError as error:
        raise HopDown(f"{hop}: {_words(error)}.") from None


async def _reach(made: Callable[[], Link], hop: Hop, inside: Sequence[str] | None) -> Link:
    """Connect to the address that was checked: the name may resolve differently the next time."""
    loop, why = asyncio.get_running_loop(), OSError(0, "no address answers")
    if inside is None:
        return (await loop.create_connection(made, hop.host, hop.port))[1]
    addresses = await loop.getaddrinfo(hop.host, hop.port, type=socket.SOCK_STREAM)
    for address in public_addresses(hop.host, hop.port, addresses, inside):
        try:
            return (await loop.create_connection(made, address, hop.port))[1]
        except OSError as error:
            why = error
    raise why


async def greet(link: Link, seconds: float) -> None:
    """Read its greeting and send ours. Raises HopDown, LinkLost."""
    event = await link.event(seconds)
    if not isinstance(event, Greeted) or not event.reply.ok:
        raise HopDown(f"The next hop does not serve us: {_event_text(event)}.")
    await say_hello(link, seconds)


async def say_hello(link: Link, seconds: float) -> None:
    """Give our greeting, again after TLS. Raises HopDown, LinkLost."""
    link.client.hello()
    link.flush()
    event = await link.event(seconds)
    if not isinstance(event, Hello) or not event.reply.ok:
        raise HopDown(f"The next hop does not answer our greeting: {_event_text(event)}.")


async def _upgrade(link: Link, hop: Hop, rules: Courier) -> None:
    link.client.start_tls()
    link.flush()
    event = await link.event(rules.timeout)
    if not isinstance(event, TlsAnswer) or not event.reply.ok:
        raise ssl.SSLError(0, f"STARTTLS was refused: {_event_text(event)}")
    await link.start_tls(tls_context(rules), hop.host, rules.timeout)
    await say_hello(link, rules.timeout)


def tls_context(rules: Courier) -> ssl.SSLContext:
    """opportunistic: encrypt without checking the name; required: only with a certificate of a trusted authority."""
    context = ssl.create_default_context(cafile=rules.tls_ca or None)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # authorities that cities made themselves often lack the extensions it wants
    if rules.tls != "required":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _event_text(event: ClientEvent) -> str:
    if isinstance(event, Closing):
        return event.reply.text if event.reply is not None else event.reason
    return event.reply.text if isinstance(event, Greeted | Hello | TlsAnswer) else "nothing that fits"


def _words(error: OSError) -> str:
    return (error.strerror or str(error) or type(error).__name__).strip(".")
