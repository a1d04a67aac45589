"""Contain compromised accounts: hold their mail, notify people, lock the account, release what was held (P-25).

The rows are published to the gateways as a file (mail/pipeline/containment_decisions.py).
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.urls import reverse
from django.utils.translation import gettext, override

from civicmail.city.conduct.queries import deciders
from civicmail.city.conduct.queries.deciders import holders
from civicmail.city.directory.models import Department, Mailbox, Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person, locked_row, save_values
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, field_error
from civicmail.city.guard.reasons import checked_reason as require_reason
from civicmail.city.guard.resources import OfPerson
from civicmail.city.identity.actions import locking
from civicmail.city.identity.queries.actors import about_person
from civicmail.city.notices.actions import notify
from civicmail.city.pages.wording import translate
from civicmail.city.policy import rule_keys
from civicmail.city.snapshot.published_snapshot import SnapshotWatcher
from civicmail.city.snapshot.snapshot import Snapshot
from civicmail.core.config.clock import now_ms
from civicmail.core.config.errors import CivicmailError, LaterError
from civicmail.core.config.log import get_logger
from civicmail.core.ledger.heads import HeadMatcher, text
from civicmail.desk.holding import containment_groups, senders
from civicmail.desk.holding.actions.releaser_pool import releasing
from civicmail.desk.holding.containment_groups import MessageGroup
from civicmail.desk.holding.containment_states import OPEN, SIGNS, step
from civicmail.desk.holding.models import Containment
from civicmail.mail.archive.copies import PENDING
from civicmail.mail.pipeline import containment as baselines
from civicmail.mail.pipeline import containment_decisions
from civicmail.mail.pipeline.containment import CHECK, HELD, sender_of
from civicmail.mail.pipeline.release_copies import Releaser

CONTAINED = HeadMatcher(text(rule_keys.CONTAINED))
"""Occurs in the head of every receipt that was held for this."""
RELEASE_GRACE_MS = 60_000
"""ms after a release in which a gateway may still hold a message that should leave."""
BATCH_SIZE = 20
ALL_GROUPS = "all"
"""Instead of the keys of all groups."""
WEEK = 7 * 86_400_000
log = get_logger()


@dataclass(frozen=True, slots=True)
class SuspectMessage:
    """A held message. sender: as mail/pipeline/containment.py names it; sign: the anomaly, or HELD."""

    sender: str
    sign: str
    capture: str
    at: int


def suspect_message(head: dict[str, Any]) -> SuspectMessage | None:
    """Read it from the head of a receipt; None if it was not held for this."""
    sign = next((f["code"] for f in head.get("findings", ()) if f["check"] == CHECK), "")
    envelope, domains = head["envelope"], frozenset(settings.CITY.city.domains)
    sender = sender_of(envelope["login"], envelope["from"], head["source"]["kind"], domains, snapshot())
    return SuspectMessage(sender, sign, head["id"], head["received"]) if sign and sender else None


def contain(message: SuspectMessage, *, now: int) -> None:
    """Create the row for a sender's first message, and notify people, in an open transaction. A message that a gateway held
    while a release was under way is released, too."""
    if Containment.objects.select_for_update().filter(sender=message.sender, state__in=OPEN).exists():
        return
    last = Containment.objects.select_for_update().filter(sender=message.sender).order_by("-released").first()
    if (
        last is not None
        and last.released is not None
        and message.at <= epoch_ms(last.released) + RELEASE_GRACE_MS * (message.sign == HELD)
    ):
        save_values(last, let=[*last.let, message.capture])
        return
    person = senders.person_of(message.sender)
    row = Containment.objects.create(
        sender=message.sender, person=person, sign=message.sign, capture=message.capture, made=from_ms(message.at)
    )  # fmt: skip
    _notify(row, now)
    transaction.on_commit(publish)


def lock(row: Containment, *, actor: Actor, reason: str, now: int) -> Containment:
    """Lock the account: end all its credentials at once. Raises NotPermitted, Unusable, Conflict."""
    guard.require(actor, "containment.lock", about(row), now=now)
    with locked_row(row, "state") as row:
        row.state = step(row.state, "lock")
        if row.person is not None:
            row.rights = locking.lock(row.person, actor=actor, reason=reason, now=now)
        elif (box := _service_mailbox(row)) is not None:
            locking.lock_service(box, actor=actor, reason=reason, now=now)
        else:
            raise Conflict("This sender has no sign-in to lock. Remove its network from the listener instead.")
        row.locker, row.locked, row.why = acting_person(actor), from_ms(now), reason[:400]
        row.save()
    return row


def reason_to_lock(row: Containment) -> str:
    """The reason that is recorded when an officer locks an account by the button."""
    return f"The account acts unlike its owner: {SIGNS.get(row.sign, row.sign)}."


def release_groups(
    row: Containment,
    groups: Collection[MessageGroup],
    chosen: Collection[str],
    *,
    allowed: int,
    actor: Actor,
    reason: str,
    now: int,
) -> Containment:
    """Release the account with the chosen groups of its held messages, or more of them once it is released. chosen: keys of groups,
    or "all"; allowed: as of release. Raises as these."""
    captures = [capture for group in groups if group.key in chosen or ALL_GROUPS in chosen for capture in group.captures]
    if row.state in OPEN:
        return release(row, captures, allowed=allowed, actor=actor, reason=reason, now=now)
    if not captures:
        raise field_error("go", "Choose what goes.")
    return release_more(row, captures, actor=actor, reason=reason, now=now)


def release(row: Containment, let: Collection[str], *, allowed: int, actor: Actor, reason: str, now: int) -> Containment:
    """Release the account, and the chosen captures after the checks ran once more; the rest stays held. allowed: usual
    recipients within an hour for the next week, 0 for no change. Raises NotPermitted, Unusable, Conflict."""
    guard.require(actor, "containment.release", about(row), now=now)
    reason = require_reason(reason, min_length=10)
    with locked_row(row, "state") as row:
        row.state = step(row.state, "release")
        row.releaser, row.released, row.answer = acting_person(actor), from_ms(now), reason[:400]
        row.let = sorted(set(let))
        row.allowed, row.allowed_until = allowed, from_ms(now + WEEK) if allowed else None
        if row.locked is not None and row.person is not None:
            locking.unlock(row.person, row.rights, actor=actor, reason=reason, now=now)
        row.save()
        facts = {"let": len(row.let), "allowed": allowed}
        entries.enter("containment.release", actor=actor, reason=reason, now=now, object=f"containment:{row.pk}", facts=facts)
        _notify_released(row, now)
        transaction.on_commit(publish)
    return row


def release_more(row: Containment, let: Collection[str], *, actor: Actor, reason: str, now: int) -> Containment:
    """Release more held captures of a released account. Raises NotPermitted, Unusable, and Conflict while the account is
    contained."""
    guard.require(actor, "containment.release", about(row), now=now)
    reason = require_reason(reason, min_length=10)
    with locked_row(row, "state") as row:
        if row.state in OPEN:
            raise Conflict("This account is not released yet.")
        row.let = sorted({*row.let, *let})
        row.releaser, row.answer = acting_person(actor), reason[:400]
        row.save(update_fields=["let", "releaser", "answer"])
        facts = {"let": len(let)}
        entries.enter("containment.let-go", actor=actor, reason=reason, now=now, object=f"containment:{row.pk}", facts=facts)
    return row


def release_chosen() -> int:
    """Release some chosen captures and return how many; the next round does the rest. While a check or the archive is unavailable a
    capture is tried again; one that can never be released stays held, and is logged."""
    released = 0
    for row in Containment.objects.exclude(let=[]).select_related("releaser").order_by("id")[:BATCH_SIZE]:
        if released < BATCH_SIZE:
            released += _release_some(row, BATCH_SIZE - released)
    return released


def _release_some(row: Containment, limit: int) -> int:
    done, waiting = [], []
    with releasing() as releaser:
        for capture in row.let[:limit]:
            if not _try_release(releaser, row, capture):
                waiting.append(capture)
                break  # another try for an unavailable check takes time; others come first in the next round
            done.append(capture)
    with locked_row(row) as now:
        remaining = [capture for capture in now.let if capture not in done]
        save_values(now, let=[*(capture for capture in remaining if capture not in waiting), *waiting])
    return len(done)


def _try_release(releaser: Releaser, row: Containment, capture: str) -> bool:
    """False if it must be tried again."""
    by = row.releaser.uid if row.releaser else ""
    try:
        released = releaser.release(
            uuid.UUID(capture).bytes, containment_groups.held_indices(capture), by=by, reason=row.answer, aside=()
        )  # fmt: skip
    except LaterError:
        return False
    except CivicmailError as error:
        log.error("a held message could not be let go", capture=capture, error=type(error).__name__)
        return True
    return not any(disposition.do == PENDING for disposition in released.kept.values())


def publish() -> None:
    """Publish contained accounts to the gateways. A gateway that misses an update continues as before; the worker publishes
    again."""
    if settings.DATA is None:
        return
    rows = Containment.objects
    held = {sender: epoch_ms(made) for sender, made in rows.filter(state__in=OPEN).values_list("sender", "made")}
    last_releases = rows.filter(released__isnull=False).values("sender").annotate(last=Max("released")).order_by()
    allowed = (
        rows.filter(allowed__gt=0, allowed_until__isnull=False).order_by("id").values_list("sender", "allowed", "allowed_until")
    )
    decided = containment_decisions.ContainmentDecisions(
        held,
        {group["sender"]: epoch_ms(group["last"]) for group in last_releases if group["last"] is not None},
        {sender: (most, epoch_ms(until)) for sender, most, until in allowed if until is not None},
    )
    try:
        containment_decisions.DECISIONS.write(Path(settings.DATA), decided)
    except OSError as error:
        log.error("gateways cannot be told of accounts that are held", error=str(error))


def about(row: Containment) -> OfPerson:
    return about_person(row.person) if row.person is not None else OfPerson("")


def _service_mailbox(row: Containment) -> Mailbox | None:
    kind, _, address = row.sender.partition(":")
    return Mailbox.objects.filter(address=address, kind="service").first() if kind == "service" else None


def _notify(row: Containment, now: int) -> None:
    """Notify the person, their supervisor, and every security officer, each in their own language."""
    recipients = {
        "own": [row.person] if row.person else [],
        "manager": _managers(row, now),
        "security": [officer for officer in holders("security-officer", now) if officer != row.person],
    }
    for role, people in recipients.items():
        for person in people:
            if to := senders.address_of(person):
                with override(person.language):
                    subject, text = _NOTICES[role](row)
                notify(f"contained:{row.pk}:{role}:{person.pk}", to, subject, text, now=from_ms(now))


def _notify_released(row: Containment, now: int) -> None:
    """Notify the people who were notified of the containment that the account is released."""
    for role, person in (("own", row.person), *(("manager", boss) for boss in _managers(row, now))):
        if person is not None and (to := senders.address_of(person)):
            with override(person.language):
                subject = gettext("The account of {who} is its owner's again").format(who=account_name(row))
                text = gettext(
                    "A security officer has given it back. Messages that waited and go now: {count}. What was not chosen stays "
                    "held: ask the security office for it, or write it anew."
                ).format(count=len(row.let))
            notify(f"contained:{row.pk}:released:{role}:{person.pk}", to, subject, text, now=from_ms(now))


def _owner_notice(row: Containment) -> tuple[str, str]:
    text = gettext(
        "Your account sent {sign}. Somebody else may be using it, so everything that you send waits; nothing is lost.\n\n"
        "Call the security office or the help desk now, not by mail, whether it was you or not."
    )
    return gettext("Your mail waits"), text.format(sign=translate(_sign_text(row)))


def _manager_notice(row: Containment) -> tuple[str, str]:
    text = gettext(
        "The account of {who} sent {sign}. Somebody else may be using it, so its mail waits until a security officer has "
        "looked.\n\nIf you know why, tell the security office."
    )
    return gettext("Mail of {who} waits").format(who=account_name(row)), text.format(
        who=account_name(row), sign=translate(_sign_text(row))
    )


def _security_notice(row: Containment) -> tuple[str, str]:
    who = account_name(row)
    page = f"{settings.CITY.web.url}{reverse('containment', args=[row.pk])}"
    text = gettext(
        "{who} sent {sign}. Everything of theirs waits.\n\nLook at it, lock it with one button, or let it go: {page}"
    ).format(who=who, sign=translate(_sign_text(row)), page=page)
    return gettext("An account acts unlike its owner: {who}").format(who=who), text


def account_name(row: Containment) -> str:
    """The person, or the address of a service."""
    return str(row.person) if row.person else row.sender.partition(":")[2]


def _sign_text(row: Containment) -> str:
    return SIGNS.get(row.sign, row.sign)


_NOTICES = {"own": _owner_notice, "manager": _manager_notice, "security": _security_notice}


def _managers(row: Containment, now: int) -> list[Person]:
    """The person's supervisor, or the next head up if there is none, if it is the person, or if the supervisor has no mailbox. For
    a service mailbox: those responsible for its department."""
    person, episode = row.person, None
    if person is None and (box := _service_mailbox(row)) is not None:
        return [boss for boss in deciders.of_department(box.department, now) if senders.address_of(boss)]
    if person is not None:
        episode = person.episodes.select_related("supervisor", "department__head").filter(ended__isnull=True).first()
    if episode is None:
        return []
    candidates, visited = [episode.supervisor], set[int]()
    department: Department | None = episode.department
    while department is not None and department.pk not in visited:
        visited.add(department.pk)
        candidates.append(department.head)
        department = department.parent
    return [b for b in candidates if b is not None and b != person and senders.address_of(b)][:1]


def snapshot() -> Snapshot | None:
    """The current identities and authorizations, as gateways have them."""
    return _watch(Path(settings.DATA)).current if settings.DATA is not None else None


def groups_of(row: Containment, now: int) -> list[MessageGroup]:
    """Group the held messages of the account. Raises LaterError."""
    baseline = baselines.load(Path(str(settings.DATA))).habits.get(row.sender)
    known_domains = baseline.domains if baseline is not None else ()
    return containment_groups.held_groups(row.sender, now, frozenset(settings.CITY.city.domains), snapshot(), known_domains)


def releasable_groups(row: Containment, now: int) -> list[MessageGroup]:
    """Groups that can be released now: none while chosen messages are still to go. Raises LaterError."""
    return groups_of(row, now) if row.state in OPEN or row.let == [] else []


@lru_cache(maxsize=4)
def _watch(data: Path) -> SnapshotWatcher:
    return SnapshotWatcher(data, now_ms)
