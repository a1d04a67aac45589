"""Deliver audit entries to webhooks, in order and at least once (P-16, P-29).

An entry is delivered once the ledger's journal contains it, so no program learns of an entry that could be lost. The query is for
undelivered entries above the position, never for a last id alone, because transactions commit in any order. Sealed examinations are
never delivered (E8).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

import orjson
from django.db import transaction
from django.db.models import Max, QuerySet

from civicmail.city.guard.actions.entries import settled
from civicmail.city.guard.models import Entry, Mandate
from civicmail.city.identity.models import Hook, HookTold

BATCH_SIZE = 200
"""Entries of one round: after a long absence the other side is not flooded."""

Send = Callable[[str, bytes], str]
"""(id, body) -> why the other side did not take it; empty where it did."""


def hook_of(name: str) -> Hook:
    """The row of a hook; a new one begins behind the newest entry, because older ones are in the ledger."""
    hook = Hook.objects.filter(name=name).first()
    if hook is None:
        newest = Entry.objects.aggregate(newest=Max("pk"))["newest"] or 0
        hook, _ = Hook.objects.get_or_create(name=name, defaults={"position": newest})
    return hook


def step(hook: Hook, acts: Iterable[str], send: Send, wait: Callable[[int], int], *, now: int) -> int:
    """Deliver waiting entries in order until one is not accepted; return how many were. acts: patterns, none for all; wait: ms
    until the next attempt after so many; now: ms."""
    if now < hook.due:
        return 0
    delivered = 0
    patterns = tuple(acts)
    for entry in list(waiting(hook)[:BATCH_SIZE]):
        if _matches(entry, patterns):
            if problem := send(str(entry.uuid), payload(entry)):
                _note(hook, tries=hook.tries + 1, due=now + wait(hook.tries + 1), problem=problem[:200])
                return delivered
            delivered += 1
            _mark_delivered(hook, entry, tries=0, due=0, problem="", told=now)
        else:
            _mark_delivered(hook, entry)
    _settle(hook, now)
    return delivered


def waiting(hook: Hook) -> QuerySet[Entry]:
    """Entries not yet delivered to this hook, in order."""
    passed = HookTold.objects.filter(hook=hook).values("entry")
    rows = Entry.objects.filter(pk__gt=hook.position, carried__isnull=False).exclude(pk__in=passed)
    return rows.select_related("carried").order_by("pk")


def lag_ms(hook: Hook, now: int) -> int:
    """The age of the oldest entry not delivered to this hook; 0 without one."""
    oldest = waiting(hook).values_list("at", flat=True).first()
    return max(0, now - oldest) if oldest is not None else 0


def payload(entry: Entry) -> bytes:
    """The payload: the head that the ledger proves, and its place in the journal."""
    at = datetime.fromtimestamp(entry.at / 1000, UTC).isoformat(timespec="milliseconds")
    data: dict[str, Any] = orjson.loads(bytes(entry.head))
    return orjson.dumps(
        {"type": entry.act, "timestamp": at, "ledger": f"{entry.carried.journal}:{entry.carried.number}", "data": data}
    )


def _matches(entry: Entry, patterns: tuple[str, ...]) -> bool:
    kind, _, number = entry.object.partition(":")
    if kind == "mandate" and Mandate.objects.filter(number=number, sealed=True).exists():
        return False
    return not patterns or any(fnmatchcase(entry.act, pattern) for pattern in patterns)


def _mark_delivered(hook: Hook, entry: Entry, **changes: Any) -> None:
    """Mark an entry as delivered. This is no transaction with the receiver: after a crash in between the entry is delivered again,
    with the same id."""
    with transaction.atomic():
        HookTold.objects.get_or_create(hook=hook, entry=entry.pk)
        _note(hook, **changes)


def _note(hook: Hook, **changes: Any) -> None:
    for name, value in changes.items():
        setattr(hook, name, value)
    if changes:
        hook.save(update_fields=list(changes))


def _settle(hook: Hook, now: int) -> None:
    """Advance the position up to entries committed an hour ago, and delete their rows."""
    upto = settled(now)
    rows = Entry.objects.filter(pk__gt=hook.position).exclude(pk__in=HookTold.objects.filter(hook=hook).values("entry"))
    if (first := rows.order_by("pk").values_list("pk", flat=True).first()) is not None:
        upto = min(upto, first - 1)
    if upto > hook.position:
        with transaction.atomic():
            _note(hook, position=upto)
            HookTold.objects.filter(hook=hook, entry__lte=upto).delete()
