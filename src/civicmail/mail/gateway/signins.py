"""Sign-ins for sending mail: passwords and tokens, protection against guessing, and an audit entry for each (P-07, S1, AC-7).

The entry is in the journal before the client gets the reply, so that mail sign-ins and page sign-ins are counted together. An entry
has no password, and no unknown login, because people may type a password there.

Device passwords are 140 random bits, and tokens are signed: a right one is accepted even after many wrong ones from the same
network. Otherwise everybody who knows a login could stop its owner from sending.

The former password of a person whose access ended is rejected with the reason and a contact (P-09). This does not count as a guess;
for all other passwords an ended sign-in looks like an unknown one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from civicmail.city.guard.errors import BadToken
from civicmail.city.identity import throttle
from civicmail.city.snapshot.credentials import Issuer, find_device, find_former_device, pseudonym, read_key
from civicmail.city.snapshot.published_snapshot import MAX_OUTBOUND_AGE_MS
from civicmail.city.snapshot.snapshot import Device, Person, Snapshot
from civicmail.core.config.errors import LaterError
from civicmail.core.config.log import get_logger
from civicmail.core.config.settings import Signin
from civicmail.core.disk.frames import NO_ID
from civicmail.core.wire.events import Credentials
from civicmail.mail.archive.commit import GroupCommit
from civicmail.mail.archive.records import Event, Type
from civicmail.mail.gateway.authorization import Authorization, Member, with_why

SIGNED_IN = "235 2.7.0 Signed in"
WRONG = "535 5.7.8 Name and password do not fit"
ENDED = "535 5.7.8"
LATER = "454 4.7.0 Nobody can sign in at this moment, please try again later"
BLOCKED = "454 4.7.0 Too many failed sign-ins, please try again in some minutes"
TOO_MANY = "421 4.7.0 Too many failed sign-ins"
_MAX_DELAY = 10_000
_MAX_KNOWN = 20_000
_SWEEP_MS = 60_000
_NONE = throttle.Count()

log = get_logger()


class Attempts:
    """Wrong ones of the last days by login and network, and by network, in memory. clock: ms."""

    def __init__(self, settings: Signin, clock: Callable[[], int]) -> None:
        self._limits = throttle.limits(settings.attempts, settings.per_address, settings.window)
        self._clock = clock
        self._failed: dict[tuple[str, str, str], throttle.Count] = {}
        self._swept = 0

    def is_blocked(self, login: str, client: str) -> bool:
        now = self._clock()
        return any(
            throttle.wait_until(self._failed.get(key, _NONE), self._limits[key[0]]) > now for key in self._keys(login, client)
        )

    def failed(self, login: str, client: str) -> None:
        now = self._clock()
        if len(self._failed) > _MAX_KNOWN and now - self._swept > _SWEEP_MS:
            self._swept = now
            self._failed = {key: count for key, count in self._failed.items() if self._matters(key[0], count, now)}
        for key in self._keys(login, client):
            self._failed[key] = throttle.add_failure(self._failed.get(key, _NONE), self._limits[key[0]], now)

    def succeeded(self, login: str, client: str) -> None:
        self._failed.pop(("mail", login, throttle.network_of(client)), None)

    def _matters(self, kind: str, count: throttle.Count, now: int) -> bool:
        limit = self._limits[kind]
        return throttle.wait_until(count, limit) > now or now - count.last < limit.first

    def _keys(self, login: str, client: str) -> list[tuple[str, str, str]]:
        network = throttle.network_of(client)
        return [("mailnet", "", network), *([("mail", login, network)] if login else [])]


class SignIns:
    """The sign-ins of one process."""

    def __init__(self, data: Path, settings: Signin, people: Authorization, commit: GroupCommit, clock: Callable[[], int]) -> None:
        self._data = data
        self._settings = settings
        self._people = people
        self._commit = commit
        self._clock = clock
        self._issuer = Issuer(data, settings, clock)
        self._key: bytes | None = None
        self.attempts = Attempts(settings, clock)

    async def judge(self, shown: Credentials, door: str, client: str, before: int) -> tuple[str, Member | None]:
        """The reply, and the signed-in person. door: kind and address of the listener; before: failures on this connection."""
        snapshot = self._people.now
        self._key = self._key or read_key(self._data)
        if snapshot is None or self._key is None or not self._people.watch.is_fresh(MAX_OUTBOUND_AGE_MS):
            return LATER, None
        login = shown.name.lower()
        person, device = self._whose(shown, snapshot, self._key)
        is_valid = person is not None and (device is not None or shown.is_token)
        former = None if is_valid else find_former_device(self._key, person, shown.secret)
        if not is_valid and former is None and self.attempts.is_blocked(login, client):
            log.info("a wrong sign-in was not counted any more", door=door, client=client)
            await self._delay(before)
            return (TOO_MANY if before + 1 >= self._settings.per_connection else BLOCKED), None
        act = "sign-in" if is_valid else "sign-in-ended" if former is not None else "sign-in-failed"
        by = device or former
        facts = {"act": act, "person": person.id if person is not None else "", "duty": "", "device": by.id if by else ""}
        facts |= {"reason": "", "door": door, "client": client, "by": shown.mechanism}
        if person is None:
            facts["login"] = pseudonym(self._key, login)
        if is_valid:
            self.attempts.succeeded(login, client)
        elif former is None:
            self.attempts.failed(login, client)
        try:
            await self._commit.event(Event(Type.ENTRY, NO_ID, self._clock(), facts=facts))
        except LaterError:
            return LATER, None
        if not is_valid or person is None:
            await self._delay(before)
            no = with_why(ENDED, person.why) if person is not None and former is not None else WRONG
            return (TOO_MANY if before + 1 >= self._settings.per_connection else no), None
        return SIGNED_IN, Member(person.id, person.epoch, device.id if device is not None else "")

    def _whose(self, shown: Credentials, snapshot: Snapshot, key: bytes) -> tuple[Person | None, Device | None]:
        """The person of the name or the token, and the device of the password; an invalid token means nobody."""
        if not shown.is_token:
            person = snapshot.person_of(shown.name)
            return person, find_device(key, person, shown.secret)
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
        if delay := min(self._settings.delay << before, _MAX_DELAY):
            await asyncio.sleep(delay / 1000)
