"""Count secrets at sign-in as wrong before comparing them (P-07).

A right one is uncounted. Rows exist for known and unknown logins alike, identified by a digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.models import Account, Failure, Place, Throttle
from civicmail.city.identity import throttle
from civicmail.city.identity.actions.account_notices import network_of as place_of
from civicmail.city.identity.queries.signin import find_account, login_digest
from civicmail.core.config.log import get_logger

log = get_logger()


@dataclass(frozen=True, slots=True)
class Ticket:
    """The failures counted before a secret was compared. login: its digest; rows: ids of its counters."""

    login: str
    account: int | None
    client: str
    rows: tuple[int, ...]


def admit(login: str, what: str, *, client: str, now: int, session: str = "") -> Ticket | None:
    """Count one attempt of a login, and return whether the secret may be compared; None if not, and then nothing was counted. what:
    password or code. session: key of a session of this login, whose attempts are counted separately. now: ms."""
    account = find_account(login)
    name = login_digest(account.username if account is not None else login)
    places = Place.objects.filter(account=account.pk if account is not None else None, network=place_of(client))
    known = places.exists() or bool(session)
    keys = _keys(name, what, client, known, session)
    rows = _counted(keys, account, known, now)
    return Ticket(name, account.pk if account is not None else None, client, rows) if rows else None


def _counted(keys: Sequence[tuple[str, str, str]], account: Account | None, known: bool, now: int) -> tuple[int, ...]:
    """Ids of the counters, each with one more failure; none if the login has to wait."""
    if _refused(list(_rows(keys)), known, now):
        log.info("a sign-in waits", kind=keys[0][0], account=account.pk if account is not None else "-")
        return ()
    pk = account.pk if account is not None else None
    Throttle.objects.bulk_create(
        [Throttle(kind=k, login=of, network=n, account_id=pk if of else None, last=from_ms(now)) for k, of, n in keys],
        ignore_conflicts=True,
    )
    with transaction.atomic():
        rows = list(_rows(keys).select_for_update())
        if _refused(rows, known, now):
            return ()
        for row in rows:
            _count(row, known, now)
            row.account_id = pk if row.login else None
        Throttle.objects.bulk_update(rows, ["failures", "streak", "last", "until", "account"])
    return tuple(row.pk for row in rows)


def note_failure(ticket: Ticket, *, door: str, now: int) -> None:
    """Record a wrong secret as a row for officers. It was counted before."""
    log.info("a sign-in failed", door=door, account=ticket.account or "-", client=ticket.client)
    Failure.objects.create(
        account_id=ticket.account, login=ticket.login, door=door[:12], client=ticket.client[:45], at=from_ms(now)
    )


def take_back(ticket: Ticket) -> None:
    """Uncount a right secret."""
    with transaction.atomic():
        rows = list(Throttle.objects.filter(pk__in=ticket.rows).order_by("kind", "login", "network").select_for_update())
        for row in rows:
            count = throttle.remove_failure(throttle.Count(row.failures, epoch_ms(row.last)))
            row.failures, row.streak = count.failures, max(0, row.streak - 1)
            row.until = _until(count, _limit(row.kind))
        Throttle.objects.bulk_update(rows, ["failures", "streak", "until"])


def note_success(account: Account, client: str) -> None:
    """Somebody signed in, by whatever means: failures in a row begin anew, from this network all of them."""
    mine = Throttle.objects.filter(login=login_digest(account.username))
    here = Q(network=throttle.network_of(client)) | Q(kind="near", network=throttle.prefix_of(client))
    mine.exclude(kind__in=["login", "mail"]).filter(here).delete()
    mine.filter(kind="login").update(streak=0)


def note_wrong_device(login: str, *, client: str, now: int) -> None:
    """A wrong device password at the door for reading. It counts for mail programs alone; so many are rows, and no more. These
    passwords are 140 random bits: the right one is compared first, and always opens."""
    account, network = find_account(login), throttle.network_of(client)
    name = login_digest(account.username if account is not None else login)
    keys = [("mail", name, network), ("mailnet", "", network)]
    if _counted(keys, account, False, now):
        Failure.objects.create(account=account, login=name, door="imap", client=client[:45], at=from_ms(now))


def forget(*, now: int) -> int:
    """Remove counters that have no effect any more; return how many. Consecutive failures of an existing login are kept until a
    successful sign-in."""
    old = Throttle.objects.filter(last__lt=from_ms(now - throttle.FORGET_AFTER_MS))
    return old.exclude(kind="login", account__isnull=False, streak__gt=0).delete()[0]


def _keys(name: str, what: str, client: str, known: bool, session: str) -> list[tuple[str, str, str]]:
    """(kind, login, network) of the counters of one try, in the order in which they are held."""
    if session:
        own = f"session {hashlib.sha256(session.encode()).hexdigest()[:32]}"
        return [(what, name, own), ("login", name, "")]
    network, near = throttle.network_of(client), throttle.prefix_of(client)
    keys = [(what, name, network), ("login", name, "")]
    keys += [("near", name, near)] if near else []
    return keys if known else [*keys, ("network", "", network)]


def _rows(keys: Sequence[tuple[str, str, str]]) -> QuerySet[Throttle, Throttle]:
    which = Q()
    for kind, login, network in keys:
        which |= Q(kind=kind, login=login, network=network)
    return Throttle.objects.filter(which).order_by("kind", "login", "network")


def _refused(rows: list[Throttle], known: bool, now: int) -> bool:
    for row in rows:
        if row.kind == "login":
            if throttle.is_closed(row.streak, known):
                return True
            if known:
                continue
        if row.until is not None and epoch_ms(row.until) > now:
            return True
    return False


def _count(row: Throttle, known: bool, now: int) -> None:
    """Count one more failure. A failure from a network that the login has used before is no sign of strangers."""
    if row.kind == "login":
        row.streak += 1
        if known:
            return
    limit = _limit(row.kind)
    count = throttle.add_failure(throttle.Count(row.failures, epoch_ms(row.last)), limit, now)
    row.failures, row.last, row.until = count.failures, from_ms(count.last), _until(count, limit)


def _until(count: throttle.Count, limit: throttle.Limit) -> datetime | None:
    until_ms = throttle.wait_until(count, limit)
    return from_ms(until_ms) if until_ms else None


def _limit(kind: str) -> throttle.Limit:
    s = settings.CITY.signin
    return throttle.limits(s.attempts, s.per_address, s.window)[kind]
