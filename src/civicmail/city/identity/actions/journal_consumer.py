"""Record sign-ins, failures and usage counts from the journals.

Collected in memory, written with the positions in one transaction, so that nothing counts twice; while the database is away it is
collected on. Only counts, and of addresses only our own (P-05, P-07; I4).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from civicmail.city.directory.models import Address, Person
from civicmail.city.guard.actions import bulk_update, entries, external_acts
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.models import Account, Failure
from civicmail.city.identity.actions import database_rollback, devices, journal_offsets
from civicmail.city.identity.models import Followed, Usage
from civicmail.city.identity.queries.signin import login_digest
from civicmail.core.config.log import get_logger
from civicmail.core.wire.paths import without_detail

log = get_logger()
_GATEWAY_SOURCES = frozenset({"submission", "mx", "relay", "lmtp"})
_OWN_SOURCE = "local"
"""The source of what this program writes."""
_UNDELIVERED = frozenset({"refuse", "quarantine", "hold", "kept"})
"""What is done with copies that do not come to the mailbox, or not yet."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in at a mail entry point. person: uid, or "service:ADDRESS" of a machine; empty for an unknown login, which is then
    masked. device: its public id. at: ms."""

    good: bool
    person: str
    login: str
    device: str
    door: str
    client: str
    at: int


@dataclass(slots=True)
class JournalBatch:
    """Data read since the last write. sent: (uid, address, day) -> count; received, notices: (address, day) -> count;
    external_acts: entries inside the record of their act; entries: those that are records, with journal and number."""

    positions: dict[str, int] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)
    sent: Counter[tuple[str, str, date]] = field(default_factory=Counter)
    received: Counter[tuple[str, date]] = field(default_factory=Counter)
    notices: Counter[tuple[str, date]] = field(default_factory=Counter)
    external_acts: list[dict[str, Any]] = field(default_factory=list)
    entries: list[tuple[dict[str, Any], str, int]] = field(default_factory=list)

    def entry(self, facts: dict[str, Any], at: int) -> None:
        """Read an entry of a gateway, which names the mechanism; others are skipped."""
        if facts.get("act") in ("sign-in", "sign-in-failed") and "by" in facts:
            person, login, device, door, client = (
                str(facts.get(key, "")) for key in ("person", "login", "device", "door", "client")
            )
            self.attempts.append(Attempt(facts["act"] == "sign-in", person, login, device, door, client, at))

    def receipt(self, head: dict[str, Any]) -> None:
        """Read the head of a receipt: mail through our entry points, and mail that we wrote. A message counts once for a mailbox,
        whatever its addresses; rejected mail counts as neither sent nor received."""
        envelope, source = head["envelope"], head["source"]["kind"]
        if source not in _GATEWAY_SOURCES and source != _OWN_SOURCE:
            return
        day = timezone.localdate(from_ms(head["received"]))
        actions = {disposition["to"]: disposition["do"] for disposition in head.get("dispositions", ())}
        if source == "submission" and envelope["login"] and not (actions and set(actions.values()) == {"refuse"}):
            self.sent[envelope["login"].partition("/")[0], envelope["from"].lower(), day] += 1
        delivered = [to for n, to in enumerate(envelope["to"]) if actions.get(n, "") not in _UNDELIVERED]
        counted = self.notices if source == _OWN_SOURCE else self.received
        for address in {to.get("box", "") or to["a"].lower() for to in delivered}:
            counted[address, day] += 1

    def clear(self) -> None:
        self.attempts.clear()
        self.sent.clear()
        self.received.clear()
        self.notices.clear()
        self.external_acts.clear()
        self.entries.clear()


def write(batch: JournalBatch, *, now: int) -> None:
    """Write the data read, and the offsets. Raises DatabaseError: then nothing was written and it can be tried again."""
    counts = _counts(batch)  # before anybody has to wait for it
    with transaction.atomic():
        _attempts(batch.attempts, now)
        external_acts.restore(batch.external_acts)
        if lost := entries.restore(batch.entries, now=now):
            log.warning("entries of journals that the table did not have were written", entries=len(lost))
            database_rollback.carry_out(lost, now=now)
        _count(counts)
        journal_offsets.store_offsets(Followed, batch.positions)
    batch.clear()


def _attempts(attempts: Iterable[Attempt], now: int) -> None:
    """Write only the last sign-in of each account and device: a city has a hundred a second, and writing them blocks others in the
    database. A wrong device password is a row for officers, and locks nothing."""
    attempts = sorted(attempts, key=lambda a: a.at)
    rows = Account.objects.filter(person__uid__in={a.person for a in attempts}).select_related("person")
    accounts = {a.person.uid: a for a in rows.only("username", "last_login", "person__uid")}
    used = {a.device: (a.client, a.at) for a in attempts if a.good and a.device}
    signed_in: dict[str, Account] = {}
    for attempt in attempts:
        account = accounts.get(attempt.person)
        if attempt.good and account is not None and (account.last_login is None or epoch_ms(account.last_login) < attempt.at):
            account.last_login = from_ms(attempt.at)
            signed_in[attempt.person] = account
    Failure.objects.bulk_create([_failure(a, accounts.get(a.person), now) for a in attempts if not a.good], batch_size=200)
    devices.note_uses(used)
    bulk_update.update_rows(signed_in.values(), ["last_login"])


def _failure(attempt: Attempt, account: Account | None, now: int) -> Failure:
    unknown = attempt.login or hashlib.sha256(attempt.person.encode()).hexdigest()
    login = login_digest(account.username) if account is not None else unknown[:64]
    at = from_ms(min(attempt.at, now))
    return Failure(account=account, login=login, door=attempt.door[:12], client=attempt.client[:45], at=at)


type _Counts = dict[tuple[int, int | None, date], list[int]]
"""(mailbox, person, day), ids of rows -> how much was sent and received, and how many notices came."""


def _counts(batch: JournalBatch) -> _Counts:
    boxes = _boxes({address for _, address, _ in batch.sent} | {address for address, _ in (*batch.received, *batch.notices)})
    people = dict(Person.objects.filter(uid__in={uid for uid, _, _ in batch.sent}).values_list("uid", "pk"))
    counts: _Counts = {}
    for (uid, address, day), count in batch.sent.items():
        if address in boxes:
            counts.setdefault((boxes[address][0], people.get(uid), day), [0, 0, 0])[0] += count
    for place, counted in ((1, batch.received), (2, batch.notices)):
        for (address, day), count in counted.items():
            if address in boxes:
                counts.setdefault((boxes[address][0], boxes[address][1], day), [0, 0, 0])[place] += count
    return counts


def _count(counts: _Counts) -> None:
    if not counts:
        return
    days = {day for _, _, day in counts}
    rows = {
        (row.mailbox_id, row.person_id, row.day): row
        for row in Usage.objects.select_for_update().filter(mailbox__in={box for box, _, _ in counts}, day__in=days)
    }
    new = []
    for key, (sent, received, notices) in counts.items():
        row = rows.get(key) or Usage(mailbox_id=key[0], person_id=key[1], day=key[2])
        row.sent, row.received, row.notices = row.sent + sent, row.received + received, row.notices + notices
        if key not in rows:
            new.append(row)
    bulk_update.update_rows([row for key, row in rows.items() if key in counts], ["sent", "received", "notices"])
    Usage.objects.bulk_create(new)


def _boxes(addresses: set[str]) -> dict[str, tuple[int, int | None]]:
    """Address, also with what follows a plus, to mailbox and holder (ids of rows); of our own alone."""
    plain = {a: without_detail(a) for a in addresses}
    candidates = list({*plain, *plain.values()})
    mailboxes: dict[str, tuple[int, int | None]] = {}
    for begin in range(0, len(candidates), 500):
        rows = Address.objects.filter(address__in=candidates[begin : begin + 500], until__isnull=True)
        for address, box, holder in rows.values_list("address", "mailbox", "mailbox__holder"):
            mailboxes[address] = (box, holder)
    return {a: mailboxes.get(a) or mailboxes[p] for a, p in plain.items() if a in mailboxes or p in mailboxes}
