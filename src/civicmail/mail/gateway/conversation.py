"""One connection: joins the network, the wire session and the pipeline.

If the client disconnects after the last dot, the message is still archived; only the reply is lost.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine, Iterable
from typing import Any, cast

from civicmail.city.policy.clauses import with_link
from civicmail.core.config.log import get_logger
from civicmail.core.wire import replies
from civicmail.core.wire.errors import WireError
from civicmail.core.wire.events import (
    Abandoned,
    Close,
    Content,
    Credentials,
    DataStart,
    EndOfData,
    Event,
    MailFrom,
    PeerChanged,
    RcptTo,
    Ready,
    Upgrade,
)
from civicmail.core.wire.proxy import parse_proxy
from civicmail.core.wire.server import Session
from civicmail.mail.gateway.acknowledge import acknowledge
from civicmail.mail.gateway.authorization import Member
from civicmail.mail.gateway.endpoints import Endpoint, plain_address
from civicmail.mail.gateway.envelopes import is_loop
from civicmail.mail.gateway.gateway_state import GatewayState
from civicmail.mail.gateway.intake import Intake
from civicmail.mail.gateway.limits import Progress
from civicmail.mail.gateway.recipients import recipient_reply, sender_reply

NOT_A_PEER = "554 5.7.1 This service is not for you"
NO_CERTIFICATE = "530 5.7.0 A client certificate is needed here"
NO_SPACE = "452 4.3.1 Insufficient system storage, please try again later"
LOOP = "554 5.4.6 Routing loop detected: too many Received lines"
TOO_MANY_REFUSED = "421 4.7.0 Too many refused recipients"

HANDSHAKE = 30.0
MAX_REFUSED = 50
LINGER = 10.0
"""Seconds in which a client may read our last words before the connection is cut."""

log = get_logger()


class Conversation(asyncio.Protocol):
    """Made by the listener for each connection."""

    def __init__(self, gate: GatewayState, endpoint: Endpoint) -> None:
        self._gate = gate
        self._endpoint = endpoint
        self._counters = gate.counters_of(endpoint.kind)
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._wire: Session | None = None
        self._intake: Intake | None = None
        self._progress = Progress(self._loop.time())
        self._client = ""
        self._before = b""
        self._counted = False
        self._peer = False
        self._member: Member | None = None
        self._failed = 0
        self._keeping = False
        self._paused = False
        self._upgrading = False
        self._half_closed = False
        self._refused = 0
        self._elsewhere = 0
        self._cut_at = 0.0

    # -- what the network tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        peername = transport.get_extra_info("peername")
        self._client = plain_address(str(peername[0])) if peername else ""
        self._counters.connections += 1
        self._counters.open += 1
        self._gate.conversations.add(self)
        if not self._endpoint.is_balancer(self._client):
            self._admit()

    def _admit(self) -> None:
        """Greet a client whose address is known, or send it away."""
        assert self._transport is not None
        self._peer = self._endpoint.is_peer(self._client)
        sent_away = replies.SHUTTING_DOWN if self._gate.draining else self._gate.admission.enter(self._client)
        self._counted = not sent_away
        if not sent_away and not self._peer and not self._endpoint.by_certificate:
            sent_away = NOT_A_PEER
        if sent_away:
            self._counters.refused_connections += 1
            log.info("connection refused", listener=self._endpoint.name, client=self._client, reply=sent_away)
            self._transport.write(replies.encode_reply(sent_away))
            self._close()
            return
        self._wire = Session(self._endpoint.profile_for(self._client), client=self._client)
        if self._endpoint.implicit:
            self._secured()
        self._send()

    def data_received(self, data: bytes) -> None:
        if self._cut_at:
            return
        wire = self._wire
        if wire is None:
            self._proxied(data)
            return
        if self._keeping:
            self._pause()
        elif wire.in_data:
            self._progress.content(self._loop.time(), len(data))
        self._heed(wire.feed(data))

    def _proxied(self, data: bytes) -> None:
        """Read a balancer's PROXY header; the client's own bytes may follow in the same packet."""
        self._before += data
        try:
            header = parse_proxy(self._before)
        except WireError:
            self._counters.refused_connections += 1
            log.info("no PROXY header from a balancer", listener=self._endpoint.name, client=self._client)
            self.cut()
            return
        if header is None:
            return
        rest, self._before = self._before[header.size :], b""
        self._client = plain_address(header.client) if header.client else self._client
        self._admit()
        if rest:
            self.data_received(rest)

    def eof_received(self) -> bool:
        """Keep a half-closed plain connection open for the reply (TLS has no half-close)."""
        self._half_closed = self._keeping and self._wire is not None and not self._wire.tls
        return self._half_closed

    def connection_lost(self, exc: Exception | None) -> None:
        if self not in self._gate.conversations:
            return
        self._gate.conversations.discard(self)
        self._counters.open -= 1
        if self._counted:
            self._gate.admission.leave(self._client)
        if self._intake is not None and not self._keeping:
            self._counters.lost_in_data += 1
            self._drop_intake()
        self._transport = None

    def pause_writing(self) -> None:
        self._pause()

    def resume_writing(self) -> None:
        self._resume()

    # -- what the gateway tells

    def sweep(self, now: float) -> None:
        """Look whether the client still gets anywhere; called once a second."""
        if self._cut_at:
            if now >= self._cut_at and self._transport is not None:
                self._transport.abort()
        elif self._keeping or self._upgrading or (self._intake is not None and self._intake.full):
            self._progress.step(now)
        elif self._progress.overdue(now, self._gate.settings.gateway.timeout, in_data=bool(self._wire and self._wire.in_data)):
            self._counters.timeouts += 1
            if self._wire is None:
                self.cut()
            else:
                self._heed(self._wire.end(replies.TIMED_OUT, "timeout"))

    def drain(self) -> None:
        """Say goodbye, after the message that is on its way."""
        if self._cut_at:
            return
        if self._upgrading or self._wire is None:
            self.cut()
        else:
            self._heed(self._wire.shut_down())

    def cut(self) -> None:
        """The time to drain is over. A message that is being kept stays kept."""
        if self._transport is not None:
            self._transport.abort()

    # -- events of the session

    def _heed(self, events: Iterable[Event]) -> None:
        wire = self._wire
        assert wire is not None
        queue = deque(events)
        try:
            while queue:
                queue.extend(self._handle(wire, queue.popleft()))
        except Exception:  # promise 6: whatever is wrong with us, the client hears 4xx and no detail
            self._counters.faults += 1
            log.exception("a conversation failed", listener=self._endpoint.name)
            self._drop_intake()
            wire.end("421 4.3.0 Local error, please try again later", "fault")
            self._send()
            self._close()
        else:
            self._send()

    def _handle(self, wire: Session, event: Event) -> list[Event]:
        """One event; the events that its answer leads to."""
        match event:
            case Content():
                self._content(event.data)
            case MailFrom():
                return wire.answer(self._cited(self._mail(wire, event)))
            case RcptTo():
                return wire.answer(self._cited(self._rcpt(event)))
            case DataStart():
                declared = int(event.transaction.params.get("SIZE") or 0)
                self._intake = Intake(self._gate.spooler, self._gate.clock(), declared, self._resume)
            case EndOfData():
                return self._end_of_data(wire, event)
            case Abandoned():
                self._counters.abandoned += 1
                self._drop_intake()
            case Upgrade():
                self._pause()
                self._upgrading = True
                self._send()
                self._run(self._upgrade())
            case Ready():
                return wire.answer(self._cited(self._gate.people.may_send(self._member)) or replies.OK)
            case Credentials():
                self._pause()
                self._run(self._sign_in(wire, event))
            case PeerChanged():
                self._member = None
                self._peer = self._endpoint.is_peer(wire.peer.client)
            case Close():
                self._ended(event.reason)
        return []

    def _mail(self, wire: Session, event: MailFrom) -> str:
        if not self._peer:
            return NO_CERTIFICATE if self._endpoint.by_certificate else NOT_A_PEER
        self._elsewhere = 0
        if not self._gate.space.has_room(int(event.params.get("SIZE") or 0), self._loop.time()):
            return NO_SPACE
        return self._gate.people.check_sender(self._endpoint, event.path, self._member) or sender_reply(
            self._endpoint.kind, event.path
        )

    def _cited(self, reply: str) -> str:
        """With the place where the clause of a refusal is read."""
        return with_link(reply, self._gate.settings.web.url)

    def _rcpt(self, event: RcptTo) -> str:
        people, kind = self._gate.people, self._endpoint.kind
        reply = recipient_reply(kind, event.path, self._gate.domains)
        if reply.startswith("2"):
            ended = people.may_send(self._member) if kind == "submission" else ""
            reply = ended or people.check_recipient(kind, event.path) or reply
            reply = people.check_outside(self._member, event.path, self._elsewhere) or reply
            self._elsewhere += reply.startswith("2") and event.path.domain not in self._gate.domains
        if reply.startswith("5"):
            self._counters.refused_recipients += 1
            self._refused += 1
            if self._refused > MAX_REFUSED:
                return TOO_MANY_REFUSED
        return reply

    def _content(self, data: bytes) -> None:
        intake = self._intake
        assert intake is not None
        intake.add(data)
        if intake.full:
            self._pause()

    def _end_of_data(self, wire: Session, end: EndOfData) -> list[Event]:
        intake, self._intake = self._intake, None
        assert intake is not None
        if is_loop(intake, self._gate.settings.gateway.max_received):
            intake.discard()
            self._counters.refused += 1
            return wire.answer(LOOP)
        self._keeping = True
        self._run(self._keep(wire, end, intake))
        return []

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        """Start now what must go on when the client does not."""
        task = asyncio.Task(work, loop=self._loop, eager_start=True)
        if not task.done():
            self._gate.tasks.add(task)
            task.add_done_callback(self._gate.tasks.discard)

    async def _keep(self, wire: Session, end: EndOfData, intake: Intake) -> None:
        """Give the message to the pipeline, then reply if the client is still connected."""
        answers = await acknowledge(self._gate, self._endpoint, wire, end, intake, self._client, self._member)
        self._keeping = False
        if self._transport is None:
            self._counters.lost_after_dot += 1
            return
        self._heed(wire.answer(*map(self._cited, answers)))
        self._resume()
        if self._half_closed:
            self._close()

    async def _sign_in(self, wire: Session, shown: Credentials) -> None:
        """Judge a password or token, and wait with the answer where it is wrong; meanwhile the client is not listened to."""
        name = f"{self._endpoint.kind} {self._endpoint.name}"
        reply, member = await self._gate.signins.judge(shown, name, wire.peer.client, self._failed)
        self._member = member
        self._failed += reply.startswith(("535", "421"))
        self._counters.signed_in += member is not None
        self._counters.sign_ins_failed += member is None
        if self._transport is None:
            return
        wire.peer.login = member.login if member is not None else ""
        self._heed(wire.answer(self._cited(reply)))
        self._resume()

    # -- TLS

    async def _upgrade(self) -> None:
        assert self._transport is not None and self._endpoint.certificate is not None and self._wire is not None
        try:
            transport = await self._loop.start_tls(
                self._transport, self, self._endpoint.certificate.context, server_side=True, ssl_handshake_timeout=HANDSHAKE
            )
        except (OSError, TimeoutError) as error:  # ssl.SSLError is an OSError
            self._counters.tls_failed += 1
            log.info("TLS handshake failed", listener=self._endpoint.name, error=type(error).__name__)
            self._upgrading = False
            self.cut()
            self.connection_lost(error)  # a transport that is lost inside a handshake tells nobody
            return
        self._upgrading = self._paused = False
        self._progress.step(self._loop.time())
        if transport is not None and self in self._gate.conversations:
            self._transport = transport
            self._secured()

    def _secured(self) -> None:
        assert self._transport is not None and self._wire is not None
        self._counters.tls += 1
        cipher = self._transport.get_extra_info("cipher") or ("", "")
        self._wire.secured(f"{cipher[1]} {cipher[0]}".strip())
        self._member = None
        self._peer = self._endpoint.is_peer(self._client) or (
            self._endpoint.by_certificate and bool(self._transport.get_extra_info("peercert"))
        )

    # -- the transport

    def _send(self) -> None:
        if self._wire is None or self._transport is None:
            return
        out = self._wire.take_output()
        if out:
            self._transport.write(out)
            self._progress.step(self._loop.time())

    def _pause(self) -> None:
        if not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    def _resume(self) -> None:
        if self._paused and self._transport is not None and not self._keeping and not self._upgrading:
            self._paused = False
            self._transport.resume_reading()

    def _ended(self, reason: str) -> None:
        counters = self._counters
        counters.synchronisation += reason == "synchronisation"
        counters.broken_lines += reason == "broken lines"
        if reason not in ("quit", "shutdown"):
            log.info("conversation ended", listener=self._endpoint.name, client=self._client, reason=reason)
        self._drop_intake()
        self._send()
        self._close()

    def _close(self) -> None:
        """Write the remaining bytes, then close; the sweep ends a connection whose client does not read them."""
        self._cut_at = self._loop.time() + LINGER
        if self._transport is not None:
            self._transport.close()

    def _drop_intake(self) -> None:
        if self._intake is not None:
            self._intake.discard()
            self._intake = None
