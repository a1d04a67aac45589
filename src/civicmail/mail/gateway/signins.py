"""Signing in at a mail door: passwords and tokens, what is counted against guessing, and the entry of each (P-07, S1, AC-7).

Every answer is an entry in the journal before the client hears it, so that the city counts mail doors and pages together. An entry
has no password, and no login that nobody has: what somebody types there may be a password.

Whoever shows the password that they had until their access ended is not let in, and hears why and whom to ask (P-09). That is no
guess and counts as none; to everybody else an ended sign-in is like one that nobody has.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable
from pathlib import Path

from civicmail.city.access.credentials import Issuer, device_of, former_device_of, read_key, veil
from civicmail.city.access.errors import BadToken
from civicmail.city.access.published import OUTBOUND_MOST
from civicmail.city.access.snapshot import Device, Person, Snapshot
from civicmail.core.config.errors import LaterError
from civicmail.core.config.log import get_logger
from civicmail.core.config.settings import Signin
from civicmail.core.disk.frames import NO_ID
from civicmail.core.wire.events import Credentials
from civicmail.mail.archive.commit import GroupCommit
from civicmail.mail.archive.records import Event, Type
from civicmail.mail.gateway.people import Member, People, with_why

SIGNED_IN = "235 2.7.0 Signed in"
WRONG = "535 5.7.8 Name and password do not fit"
ENDED = "535 5.7.8"
LATER = "454 4.7.0 Nobody can sign in at this moment, please try again later"
BLOCKED = "454 4.7.0 Too many failed sign-ins, please try again in some minutes"
TOO_MANY = "421 4.7.0 Too many failed sign-ins"
_DELAY_MOST = 10_000
_KNOWN_MOST = 20_000
_SWEEP_MS = 60_000

log = get_logger()


class Attempts:
    """Failures of the last minutes by login and by address, in memory. clock: ms."""

    def __init__(self, settings: Signin, clock: Callable[[], int]) -> None:
        self._settings = settings
        self._clock = clock
        self._failed: defaultdict[str, deque[int]] = defaultdict(deque)
        self._swept = 0

    def is_blocked(self, login: str, client: str) -> bool:
        s = self._settings
        return self._count(f"@{client}") >= s.per_address or (bool(login) and self._count(login) >= s.attempts)

    def failed(self, login: str, client: str) -> None:
        if len(self._failed) > _KNOWN_MOST and self._clock() - self._swept > _SWEEP_MS:
            self._swept = self._clock()
            for name in [n for n in self._failed if not self._count(n)]:
                del self._failed[name]
        for name in (f"@{client}", login):
            if name:
                self._failed[name].append(self._clock())

    def succeeded(self, login: str) -> None:
        self._failed.pop(login, None)

    def _count(self, name: str) -> int:
        times = self._failed.get(name)
        if times is None:
            return 0
        least = self._clock() - self._settings.window * 1000
        while times and times[0] <= least:
            times.popleft()
        return len(times)


class SignIns:
    """The sign-ins of one process."""

    def __init__(self, data: Path, settings: Signin, people: People, commit: GroupCommit, clock: Callable[[], int]) -> None:
        self._data = data
        self._settings = settings
        self._people = people
        self._commit = commit
        self._clock = clock
        self._issuer = Issuer(data, settings, clock)
        self._key: bytes | None = None
        self.attempts = Attempts(settings, clock)

    async def judge(self, shown: Credentials, door: str, client: str, before: int) -> tuple[str, Member | None]:
        """The reply, and who it is. door: kind and address of the listener; before: failures on this connection."""
        snapshot = self._people.now
        self._key = self._key or read_key(self._data)
        if snapshot is None or self._key is None or not self._people.watch.serves(OUTBOUND_MOST):
            return LATER, None
        login = shown.name.lower()
        if self.attempts.is_blocked(login, client):
            log.info("a sign-in was not tried", door=door, client=client)
            return BLOCKED, None
        person, device = self._whose(shown, snapshot, self._key)
        found = person is not None and (device is not None or shown.is_token)
        former = None if found else former_device_of(self._key, person, shown.secret)
        act = "sign-in" if found else "sign-in-ended" if former is not None else "sign-in-failed"
        by = device or former
        facts = {"act": act, "person": person.id if person is not None else "", "duty": "", "device": by.id if by else ""}
        facts |= {"reason": "", "door": door, "client": client, "by": shown.mechanism}
        if person is None:
            facts["login"] = veil(self._key, login)
        if found:
            self.attempts.succeeded(login)
        elif former is None:
            self.attempts.failed(login, client)
        try:
            await self._commit.event(Event(Type.ENTRY, NO_ID, self._clock(), facts=facts))
        except LaterError:
            return LATER, None
        if not found or person is None:
            await self._delay(before)
            no = with_why(ENDED, person.why) if person is not None and former is not None else WRONG
            return (TOO_MANY if before + 1 >= self._settings.per_connection else no), None
        return SIGNED_IN, Member(person.id, person.epoch, device.id if device is not None else "")

    def _whose(self, shown: Credentials, snapshot: Snapshot, key: bytes) -> tuple[Person | None, Device | None]:
        """The person whom the name or the token means, and the device whose password it is; a token that is not good means nobody
        who could be let in."""
        if not shown.is_token:
            person = snapshot.person_of(shown.name)
            return person, device_of(key, person, shown.secret)
        try:
            login = self._issuer.login(shown.secret)
        except BadToken as problem:
            log.info("a token was refused", reason=str(problem))
            return None, None
        person = snapshot.person_of(login)
        if person is None or person.machine or (shown.name and snapshot.person_of(shown.name) is not person):
            return None, None
        return person, None

    async def _delay(self, before: int) -> None:
        if delay := min(self._settings.delay << before, _DELAY_MOST):
            await asyncio.sleep(delay / 1000)
