"""The gateway process: opens the listeners; on SIGTERM accepts no new mail and finishes the messages in progress."""

from __future__ import annotations

import asyncio
import errno
import gc
import signal
from functools import partial
from pathlib import Path

import uvloop

from civicmail.city.directory.modes import Modes
from civicmail.core.config.clock import now_ms
from civicmail.core.config.errors import CivicmailError
from civicmail.core.config.log import get_logger
from civicmail.core.config.settings import Settings
from civicmail.core.config.systemd import Manager
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.disk.metrics import Meter
from civicmail.mail.archive.commit import Clock, GroupCommit, Writer
from civicmail.mail.gateway.authorization import Authorization
from civicmail.mail.gateway.conversation import Conversation
from civicmail.mail.gateway.counters import metered
from civicmail.mail.gateway.endpoints import Endpoint, make_endpoint
from civicmail.mail.gateway.errors import CannotListen, ListenerError
from civicmail.mail.gateway.gateway_state import GatewayState, make_state
from civicmail.mail.gateway.port_sharing import PortLock, require_free
from civicmail.mail.pipeline.accept import Pipeline
from civicmail.mail.pipeline.containment import AnomalyMonitor
from civicmail.mail.pipeline.evaluator import Evaluator
from civicmail.mail.replica import epoch
from civicmail.mail.replica.confirmation import Confirmation

DRAIN = 10.0
"""Seconds that open conversations get after SIGTERM; messages that are being kept are waited for in any case."""

BACKLOG = 512

COLLECT = 20_000
"""New objects between two collections: about a dozen messages, of which hardly anything is left that only a collection finds."""

log = get_logger()


class Gateway:
    """All listeners of one process. `ports` are the bound ones, in the order of the settings (for a port of 0)."""

    def __init__(self, settings: Settings, data: Path, *, clock: Clock = now_ms, files: Files = OS_FILES) -> None:
        self._settings = settings
        self._data = data
        self._clock = clock
        self._files = files
        self._modes = Modes(settings, data)
        self._endpoints = [make_endpoint(listener, settings) for listener in settings.gateway.listener]
        self._servers: list[asyncio.Server] = []
        self._sweeping: asyncio.TimerHandle | None = None
        self._confirmation: Confirmation | None = None
        self._judging: Evaluator | None = None
        self._port_lock: PortLock | None = None
        self._manager = Manager()
        self._meter: Meter | None = None
        self.broken = asyncio.Event()
        self.gate: GatewayState

    @property
    def ports(self) -> list[int]:
        return [int(server.sockets[0].getsockname()[1]) for server in self._servers]

    async def start(self) -> None:
        """Take a journal, then listen. Raises ListenerError or CannotListen; then nothing listens."""
        epoch.require_unfenced(self._data)
        writer = Writer(self._data, self._clock, self._files)
        archive = self._settings.archive
        self._confirmation = Confirmation(self._data, archive) if archive.acknowledge == "standby" else None
        people = Authorization(self._data, self._settings, self._clock, self._modes.of)
        self._judging = Evaluator(self._settings, self._data, self._clock)
        commit = GroupCommit(writer, self._confirmation)
        containing = AnomalyMonitor(self._settings, self._data, self._clock, lambda: people.now, lambda: writer.journal.name)
        pipeline = Pipeline(commit, self._modes.of, lambda: people.now, self._judging, containing)
        self.gate = make_state(self._settings, self._data, pipeline, self._clock, people)
        try:
            self._port_lock = await asyncio.to_thread(PortLock, self._data)
            for door in self._endpoints:
                if self._port_lock.is_first:
                    require_free(door.kind, door.address, door.port)
                self._servers.append(await self._listen(door))
            self._port_lock.share()
        except BaseException:
            await self._close()
            raise
        self._judging.warm()
        self._manager.ready()
        self._meter = Meter(self._data, "gateway", partial(metered, self.gate.listeners))
        self._meter.start()
        self._sweep()

    async def stop(self) -> None:
        """Listen no more, let messages finish, say 421 to the others, and let the journal go when all in it is durable."""
        gate, loop = self.gate, asyncio.get_running_loop()
        self._manager.stopping()
        gate.draining = True
        for server in self._servers:
            server.close()
        end = loop.time() + DRAIN
        for conversation in list(gate.conversations):
            conversation.drain()
        while gate.conversations and loop.time() < end:
            await asyncio.sleep(0.02)
        for conversation in list(gate.conversations):
            conversation.cut()
        while gate.tasks:
            await asyncio.wait(list(gate.tasks))
        await self._close()
        log.info("gateway stopped", **gate.counters.plain())

    async def _listen(self, endpoint: Endpoint) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        try:
            server = await loop.create_server(
                partial(Conversation, self.gate, endpoint),
                endpoint.address,
                endpoint.port,
                ssl=endpoint.certificate.context if endpoint.certificate and endpoint.implicit else None,
                backlog=BACKLOG,
                reuse_port=True,
                reuse_address=True,
            )
        except OSError as error:
            where = f"{endpoint.kind} cannot listen on {endpoint.name}: {error.strerror or error}."
            if error.errno == errno.EACCES:
                raise ListenerError(where) from None
            raise CannotListen(where) from None
        log.info(
            "listening",
            kind=endpoint.kind,
            listener=endpoint.name,
            tls="implicit" if endpoint.implicit else bool(endpoint.certificate),
        )
        return server

    def _sweep(self) -> None:
        """Once a second: clients that get nowhere, a journal file that may be closed, a journal that fails again and again."""
        loop = asyncio.get_running_loop()
        self._sweeping = loop.call_later(1.0, self._sweep)
        self._manager.alive()
        now = loop.time()
        for conversation in list(self.gate.conversations):
            conversation.sweep(now)
        commit = self.gate.pipeline.commit
        if commit.writer.broken or epoch.is_fenced(self._data):
            self.broken.set()
        try:
            commit.rotate_if_idle()
            self._modes.refresh()
            for door in self._endpoints:
                if door.certificate is not None and door.certificate.renew(now):
                    log.info("certificate renewed", listener=door.name)
        except (OSError, CivicmailError) as error:
            log.warning("a chore failed and is tried again", error=str(error))

    async def _close(self) -> None:
        if self._sweeping is not None:
            self._sweeping.cancel()
        for server in self._servers:
            server.close()
        self._servers.clear()
        if self._port_lock is not None:
            self._port_lock.close()
        await self.gate.pipeline.commit.close()
        if self._confirmation is not None:
            await self._confirmation.close()
        if self._judging is not None:
            await asyncio.to_thread(self._judging.close)
        self.gate.spooler.close()
        if self._meter is not None:
            await asyncio.to_thread(self._meter.close)


async def serve_until(settings: Settings, data: Path, stop: asyncio.Event) -> None:
    """Serve until stop is set. Raises CannotListen when the archive could not keep mail twice within a minute, Fenced when another
    installation has taken over."""
    gateway = Gateway(settings, data)
    await gateway.start()
    waits = [asyncio.ensure_future(stop.wait()), asyncio.ensure_future(gateway.broken.wait())]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        await gateway.stop()
    epoch.require_unfenced(data)
    if gateway.broken.is_set():
        raise CannotListen("The archive could not keep mail twice within a minute.")


def serve(settings: Settings, data: Path) -> None:
    """The gateway process of `civicmail run gateway`: serve until SIGTERM or SIGINT, then drain."""

    async def until_signal() -> None:
        gc.freeze()  # what was imported stays
        gc.set_threshold(COLLECT)
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await serve_until(settings, data, stop)

    uvloop.run(until_signal())
