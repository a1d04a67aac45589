"""Send each person a digest of their held, quarantined and late mail at the hours that they chose (P-02, P-06, P-11, promise 7).

A digest covers the person's own mailbox, the shared mailboxes that they use, and what they sent. Nothing is sent when nothing is
new. Its links show the status of one message and change nothing. It contains nothing of a message's content.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext, ngettext

from civicmail.city.directory.models import Mailbox, Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import field_error
from civicmail.city.guard.resources import OfPerson
from civicmail.city.identity.models import Authorization
from civicmail.city.notices import signed_links
from civicmail.city.notices.actions import notify
from civicmail.city.notices.models import Notice
from civicmail.city.pages import wording
from civicmail.city.policy.rules import RuleSet
from civicmail.desk.holding import digest_schedule, queries, senders
from civicmail.desk.holding.actions import sender_notices
from civicmail.desk.holding.held_copies import DEFERRED, PENDING, RETRYING, HeldCopy
from civicmail.desk.holding.models import Digest, Untold

MAX_LINES = 50
BATCH_SIZE = 200
"""Digests of one round."""
LINK_VALID_MS = 14 * 86_400_000
"""ms for which a link of a digest works."""


@dataclass
class DigestContent:
    """Content of a digest. boxes: copies by shared mailbox, own copies under ""; sent: copies of own messages; unnotified: number
    of own messages that rules matched without a notice."""

    boxes: dict[str, list[HeldCopy]] = field(default_factory=dict)
    sent: list[HeldCopy] = field(default_factory=list)
    unnotified: int = 0

    def __len__(self) -> int:
        return sum(map(len, self.boxes.values())) + len(self.sent)

    @property
    def has_waiting(self) -> bool:
        """Whether some of it waits for something other than a person."""
        return any(copy.do in RETRYING for copies in (*self.boxes.values(), self.sent) for copy in copies)


def send_due(now: int) -> int:
    """Send the digests that are due: copies held since the last one and still held, and copies that became late. Return how
    many, at most BATCH_SIZE."""
    copies = [*queries.copies(now), *queries.delayed(now)]
    by_person = _by_person(copies)
    unnotified = _unnotified()
    schedules = {schedule.person_id: schedule for schedule in Digest.objects.filter(person__in={*by_person, *unnotified})}
    people = {p.pk: p for p in Person.objects.filter(pk__in={*by_person, *unnotified})}
    sent_count, book = 0, queries.rule_set() if people else None
    for pk in sorted(people):
        plan = schedules.get(pk) or Digest(person=people[pk])
        slot = digest_schedule.last_due(
            plan.days, plan.hour, from_ms(now), timezone.get_default_timezone(), settings.CITY.oversight.holidays
        )
        if plan.told is not None and slot <= plan.told < slot + digest_schedule.MAX_PERIOD:
            continue
        content = _new_since(by_person.get(pk, DigestContent()), people[pk], digest_schedule.period_start(plan.told, slot), slot)
        content.unnotified = sum(row.count for row in unnotified.get(pk, ()) if row.day < timezone.localdate(slot))
        if content or content.unnotified:
            assert book is not None
            sent_count += _send(plan, content, unnotified.get(pk, []), slot, book, now)
        if sent_count >= BATCH_SIZE:
            break
    return sent_count


def set_schedule(days: str, hour: int, *, actor: Actor, now: int) -> Digest:
    """Set the days and the hour of the digest. days: of digest_schedule.DAYS; hour: of digest_schedule.HOURS. Raises
    NotPermitted, Unusable."""
    guard.require(actor, "my.mail", OfPerson(actor.uid), now=now)
    if days not in digest_schedule.DAYS or hour not in digest_schedule.HOURS:
        raise field_error("days", "Choose days and an hour.")
    with transaction.atomic():
        schedule, _ = Digest.objects.update_or_create(person=acting_person(actor), defaults={"days": days, "hour": hour})
        facts = {"days": days, "hour": hour}
        entries.enter("digest.plan", actor=actor, reason="one's own choice", now=now, object=f"person:{actor.uid}", facts=facts)
    return schedule


def compose(content: DigestContent, person: Person, slot: datetime, book: RuleSet) -> tuple[str, str]:
    """Subject and text, in the active language."""
    count, pages, lines_left = len(content), settings.CITY.web.url, MAX_LINES
    subject, *paragraphs = _opening(content)
    for box, copies in sorted(content.boxes.items()):
        title = gettext("For {mailbox}, which you use:").format(mailbox=box) if box else gettext("For you:")
        lines = [
            _line(copy, gettext("from {who}").format(who=_sender_text(copy, own=not box)), person, slot, book)
            for copy in copies[:lines_left]
        ]
        paragraphs.append("\n".join([title, *lines]))
        lines_left -= len(lines)
    if content.sent:
        lines = [
            _line(copy, gettext("to {who}").format(who=copy.address), person, slot, book) for copy in content.sent[:lines_left]
        ]
        paragraphs.append("\n".join([gettext("You sent:"), *lines]))
        lines_left -= len(lines)
    if (omitted := count - (MAX_LINES - lines_left)) > 0:
        paragraphs.append(ngettext("and {count} more.", "and {count} more.", omitted).format(count=omitted))
    if content.unnotified:
        unnotified_text = ngettext(
            "Rules fitted {count} more message that you sent; what stands beside it says why.",
            "Rules fitted {count} more messages that you sent; what stands beside each says why.",
            content.unnotified,
        )
        paragraphs.append(unnotified_text.format(count=content.unnotified))
        subject = subject if count else gettext("More about messages that you sent: {count}").format(count=content.unnotified)
    paragraphs.append(gettext("Your mail: {page}").format(page=f"{pages}{reverse('my-mail')}"))
    paragraphs.append(gettext("When you get this mail: {page}").format(page=f"{pages}{reverse('mail-digest')}"))
    return subject, "\n\n".join(paragraphs)


def _opening(content: DigestContent) -> list[str]:
    """Subject and first paragraph."""
    count = len(content)
    if content.has_waiting:
        subject = ngettext("{count} message is held or waits", "{count} messages are held or wait", count)
        explanation = gettext("Held by rules, or late now. A link shows the state of a message; opening it changes nothing.")
    else:
        subject = ngettext("{count} message is held", "{count} messages are held", count)
        explanation = gettext("Held by rules now. A link shows the state of a message; opening it changes nothing.")
    return [subject.format(count=count), explanation]


def late_reason(copy: HeldCopy) -> str:
    """Why a copy is late without waiting for a person; "" for any other."""
    if copy.do == PENDING:
        return gettext("It could not be checked so far. That is tried again by itself.")
    if copy.do == DEFERRED:
        return gettext("The next mail server has not taken it so far. That is tried again by itself.")
    return ""


def _line(copy: HeldCopy, who: str, person: Person, slot: datetime, book: RuleSet) -> str:
    rule = next((known_rule for name in copy.rules if (known_rule := book.rule(name)) is not None), None)
    explanation = late_reason(copy) or (wording.translate(rule.reader or rule.sender or rule.why) if rule is not None else "")
    explanation = explanation or gettext("By a rule that is not in the book any more.")
    at = from_ms(copy.received)
    time_text = f"{wording.short_day(at)}, {wording.clock(at)}"
    data: Path | None = settings.DATA
    assert data is not None, "digests have an installation"
    token = signed_links.make(data, "digest", copy.id, copy.index, epoch_ms(slot) + LINK_VALID_MS, str(person.pk).encode())
    return f"{time_text}  {who}: {explanation}\n  {settings.CITY.web.url}{reverse('digest', args=[token])}"


def _sender_text(copy: HeldCopy, *, own: bool) -> str:
    """The sender; in a shared mailbox only the domain."""
    who = copy.sender if own else copy.sender.rpartition("@")[2]
    return who or gettext("a mail system")


def _by_person(copies: Iterable[HeldCopy]) -> dict[int, DigestContent]:
    """Group the copies by the people who get a digest."""
    copies = list(copies)
    by_person: dict[int, DigestContent] = {}
    addresses = {c.box.lower() for c in copies} | {c.sender.lower() for c in copies if c.door == "submission"}
    owners = dict(
        Mailbox.objects.filter(address__in=addresses, kind="personal", closed__isnull=True).values_list("address", "holder")
    )
    users: dict[str, list[int]] = {}
    authorizations = Authorization.objects.filter(mailbox__address__in=addresses, mailbox__kind="function", state="active")
    for address, person in (
        authorizations.filter(mailbox__closed__isnull=True).order_by("id").values_list("mailbox__address", "person")
    ):
        users.setdefault(address, []).append(person)
    for copy in sorted(copies, key=lambda c: (c.received, c.id, c.index)):
        box = copy.box.lower()
        if (holder := owners.get(box)) is not None:
            by_person.setdefault(holder, DigestContent()).boxes.setdefault("", []).append(copy)
        for person in dict.fromkeys(users.get(box, ())):
            by_person.setdefault(person, DigestContent()).boxes.setdefault(box, []).append(copy)
        if copy.door == "submission" and (author := owners.get(copy.sender.lower())) is not None:
            by_person.setdefault(author, DigestContent()).sent.append(copy)
    return by_person


def _new_since(content: DigestContent, person: Person, since: datetime, slot: datetime) -> DigestContent:
    """New items, without copies of which the person was notified already."""
    start, end = epoch_ms(since), epoch_ms(slot)
    boxes = {box: kept for box, copies in content.boxes.items() if (kept := [c for c in copies if start < c.since <= end])}
    sent = [c for c in content.sent if start < c.since <= end]
    notified_ids = _already_notified(person, sent)
    return DigestContent(boxes, [c for c in sent if c.uuid not in notified_ids])


def _already_notified(person: Person, sent: list[HeldCopy]) -> set[str]:
    """Ids of the person's messages that had a notice at once (sender_notices.py)."""
    keys = {sender_notices.notice_key(person, c.uuid, c.received): c.uuid for c in sent}
    return {keys[key] for key in Notice.objects.filter(key__in=list(keys)).values_list("key", flat=True)} if keys else set()


def _unnotified() -> dict[int, list[Untold]]:
    by_person: dict[int, list[Untold]] = {}
    for row in Untold.objects.order_by("pk"):
        by_person.setdefault(row.person_id, []).append(row)
    return by_person


def _send(schedule: Digest, content: DigestContent, unnotified: list[Untold], slot: datetime, book: RuleSet, now: int) -> int:
    person = schedule.person
    if not (to := senders.address_of(person)):
        return 0
    with transaction.atomic(), translation.override(person.language):
        subject, text = compose(content, person, slot, book)
        notify(
            f"digest:{slot.astimezone(timezone.get_default_timezone()):%Y-%m-%dT%H}:{person.pk}",
            to,
            subject,
            text,
            now=from_ms(now),
        )
        Digest.objects.update_or_create(person=person, defaults={"told": slot})
        Untold.objects.filter(pk__in=[row.pk for row in unnotified if row.day < timezone.localdate(slot)]).delete()
    return 1
