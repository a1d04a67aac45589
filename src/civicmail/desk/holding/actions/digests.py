"""One mail with what rules kept back of somebody's mail, and what has not gone on by itself for an hour, at the moments that they
have chosen, and none where there is nothing of it (P-02, P-06, P-11, promise 7).

It is about their own mailbox, those of offices that they use, and what they sent; a link shows how one message stands and changes
nothing. Nothing in it says what a message is about.
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

from civicmail.city.access import guard
from civicmail.city.access.actions import entries
from civicmail.city.access.actions.acting import person_of
from civicmail.city.access.actors import Actor
from civicmail.city.access.errors import Unusable
from civicmail.city.access.models import Authorisation
from civicmail.city.access.moments import moment, ms
from civicmail.city.access.resources import OfPerson
from civicmail.city.access.views import saying
from civicmail.city.directory.models import Mailbox, Person
from civicmail.city.notices import tokens
from civicmail.city.notices.actions import tell
from civicmail.city.notices.models import Notice
from civicmail.city.policy.rules import Book
from civicmail.desk.holding import queries, senders, slots
from civicmail.desk.holding.actions import telling
from civicmail.desk.holding.keptback import DEFERRED, PENDING, WAITS, Copy
from civicmail.desk.holding.models import Digest, Untold

LINES_MOST = 50
AT_ONCE = 200
"""Digests of one round."""
OPEN_FOR = 14 * 86_400_000
"""ms for which a link of a digest works."""


@dataclass
class News:
    """What somebody hears of. boxes: by mailbox, their own under ""; sent: of mail of theirs; more: how many messages that they
    sent rules fitted of which they were not told one by one."""

    boxes: dict[str, list[Copy]] = field(default_factory=dict)
    sent: list[Copy] = field(default_factory=list)
    more: int = 0

    def __len__(self) -> int:
        return sum(map(len, self.boxes.values())) + len(self.sent)

    @property
    def waits(self) -> bool:
        """Some of it waits for no person."""
        return any(copy.do in WAITS for copies in (*self.boxes.values(), self.sent) for copy in copies)


def tell_people(now: int) -> int:
    """Whose moment has come, of what was kept back since the one before and is kept back still, and of what became late; how many
    were told, at most AT_ONCE."""
    every = [*queries.copies(now), *queries.waiting(now)]
    wanted = _by_person(every)
    untold = _untold()
    plans = {plan.person_id: plan for plan in Digest.objects.filter(person__in={*wanted, *untold})}
    people = {p.pk: p for p in Person.objects.filter(pk__in={*wanted, *untold})}
    done, book = 0, queries.book() if people else None
    for pk in sorted(people):
        plan = plans.get(pk) or Digest(person=people[pk])
        slot = slots.last(plan.days, plan.hour, moment(now), timezone.get_default_timezone(), settings.CITY.oversight.holidays)
        if plan.told is not None and slot <= plan.told < slot + slots.BACK_MOST:
            continue
        found = _between(wanted.get(pk, News()), people[pk], slots.since(plan.told, slot), slot)
        found.more = sum(row.count for row in untold.get(pk, ()) if row.day < timezone.localdate(slot))
        if found or found.more:
            assert book is not None
            done += _write(plan, found, untold.get(pk, []), slot, book, now)
        if done >= AT_ONCE:
            break
    return done


def plan(days: str, hour: int, *, actor: Actor, now: int) -> Digest:
    """When somebody wants to hear of it. days: of slots.DAYS; hour: of slots.HOURS. Raises NotPermitted, Unusable."""
    guard.require(actor, "my.mail", OfPerson(actor.uid), now=now)
    if days not in slots.DAYS or hour not in slots.HOURS:
        raise Unusable("Choose days and an hour.", {"days": "Choose days and an hour."})
    with transaction.atomic():
        made, _ = Digest.objects.update_or_create(person=person_of(actor), defaults={"days": days, "hour": hour})
        facts = {"days": days, "hour": hour}
        entries.enter("digest.plan", actor=actor, reason="one's own choice", now=now, object=f"person:{actor.uid}", facts=facts)
    return made


def letter(found: News, person: Person, slot: datetime, book: Book) -> tuple[str, str]:
    """Subject and text, in the language that is on."""
    count, pages, room = len(found), settings.CITY.web.url, LINES_MOST
    subject, *parts = _beginning(found)
    for box, copies in sorted(found.boxes.items()):
        title = gettext("For {mailbox}, which you use:").format(mailbox=box) if box else gettext("For you:")
        lines = [
            _line(copy, gettext("from {who}").format(who=_from(copy, own=not box)), person, slot, book) for copy in copies[:room]
        ]
        parts.append("\n".join([title, *lines]))
        room -= len(lines)
    if found.sent:
        lines = [_line(copy, gettext("to {who}").format(who=copy.address), person, slot, book) for copy in found.sent[:room]]
        parts.append("\n".join([gettext("You sent:"), *lines]))
        room -= len(lines)
    if (left := count - (LINES_MOST - room)) > 0:
        parts.append(ngettext("and {count} more.", "and {count} more.", left).format(count=left))
    if found.more:
        said = ngettext(
            "Rules fitted {count} more message that you sent; what stands beside it says why.",
            "Rules fitted {count} more messages that you sent; what stands beside each says why.",
            found.more,
        )
        parts.append(said.format(count=found.more))
        subject = subject if count else gettext("More about messages that you sent: {count}").format(count=found.more)
    parts.append(gettext("Your mail: {page}").format(page=f"{pages}{reverse('my-mail')}"))
    parts.append(gettext("When you get this mail: {page}").format(page=f"{pages}{reverse('mail-digest')}"))
    return subject, "\n\n".join(parts)


def _beginning(found: News) -> list[str]:
    """Subject and first paragraph."""
    count = len(found)
    if found.waits:
        subject = ngettext("{count} message is kept back or waits", "{count} messages are kept back or wait", count)
        said = gettext("Kept back by rules, or late at this moment. A link shows how a message stands; it changes nothing.")
    else:
        subject = ngettext("{count} message is kept back", "{count} messages are kept back", count)
        said = gettext("Kept back by rules at this moment. A link shows how a message stands; it changes nothing by itself.")
    return [subject.format(count=count), said]


def late_words(copy: Copy) -> str:
    """Why it waits, of a copy that waits for no person; "" of any other."""
    if copy.do == PENDING:
        return gettext("It could not be checked so far. That is tried again by itself.")
    if copy.do == DEFERRED:
        return gettext("The next mail server has not taken it so far. That is tried again by itself.")
    return ""


def _line(copy: Copy, who: str, person: Person, slot: datetime, book: Book) -> str:
    rule = next((found for name in copy.rules if (found := book.rule(name)) is not None), None)
    said = late_words(copy) or (saying.said(rule.reader or rule.sender or rule.why) if rule is not None else "")
    said = said or gettext("By a rule that is not in the book any more.")
    at = moment(copy.received)
    when = f"{saying.short(at)}, {saying.clock(at)}"
    data: Path | None = settings.DATA
    assert data is not None, "digests have an installation"
    token = tokens.make(data, "digest", copy.id, copy.index, ms(slot) + OPEN_FOR, str(person.pk).encode())
    return f"{when}  {who}: {said}\n  {settings.CITY.web.url}{reverse('digest', args=[token])}"


def _from(copy: Copy, *, own: bool) -> str:
    """In a mailbox that several people use, only the domain."""
    who = copy.sender if own else copy.sender.rpartition("@")[2]
    return who or gettext("a mail system")


def _by_person(copies: Iterable[Copy]) -> dict[int, News]:
    """Everything that is kept back, by whoever hears of it."""
    copies = list(copies)
    found: dict[int, News] = {}
    there = {c.box.lower() for c in copies} | {c.sender.lower() for c in copies if c.door == "submission"}
    own = dict(Mailbox.objects.filter(address__in=there, kind="personal", closed__isnull=True).values_list("address", "holder"))
    users: dict[str, list[int]] = {}
    used = Authorisation.objects.filter(mailbox__address__in=there, mailbox__kind="function", state="active")
    for address, person in used.filter(mailbox__closed__isnull=True).order_by("id").values_list("mailbox__address", "person"):
        users.setdefault(address, []).append(person)
    for copy in sorted(copies, key=lambda c: (c.received, c.id, c.index)):
        box = copy.box.lower()
        if (holder := own.get(box)) is not None:
            found.setdefault(holder, News()).boxes.setdefault("", []).append(copy)
        for person in dict.fromkeys(users.get(box, ())):
            found.setdefault(person, News()).boxes.setdefault(box, []).append(copy)
        if copy.door == "submission" and (author := own.get(copy.sender.lower())) is not None:
            found.setdefault(author, News()).sent.append(copy)
    return found


def _between(wanted: News, person: Person, since: datetime, slot: datetime) -> News:
    """What is new, without what somebody was told of when it happened."""
    start, end = ms(since), ms(slot)
    boxes = {box: kept for box, copies in wanted.boxes.items() if (kept := [c for c in copies if start < c.since <= end])}
    sent = [c for c in wanted.sent if start < c.since <= end]
    told = _told(person, sent)
    return News(boxes, [c for c in sent if c.uuid not in told])


def _told(person: Person, sent: list[Copy]) -> set[str]:
    """Of which messages of theirs a notice went at once (telling.py)."""
    keys = {telling.key_of(person, c.uuid, c.received): c.uuid for c in sent}
    return {keys[key] for key in Notice.objects.filter(key__in=list(keys)).values_list("key", flat=True)} if keys else set()


def _untold() -> dict[int, list[Untold]]:
    found: dict[int, list[Untold]] = {}
    for row in Untold.objects.order_by("pk"):
        found.setdefault(row.person_id, []).append(row)
    return found


def _write(plan: Digest, found: News, untold: list[Untold], slot: datetime, book: Book, now: int) -> int:
    person = plan.person
    if not (to := senders.address_of(person)):
        return 0
    with transaction.atomic(), translation.override(person.language):
        subject, text = letter(found, person, slot, book)
        tell(
            f"digest:{slot.astimezone(timezone.get_default_timezone()):%Y-%m-%dT%H}:{person.pk}", to, subject, text, now=moment(now)
        )
        Digest.objects.update_or_create(person=person, defaults={"told": slot})
        Untold.objects.filter(pk__in=[row.pk for row in untold if row.day < timezone.localdate(slot)]).delete()
    return 1
