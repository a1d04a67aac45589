"""Senders inside are told which rules fitted a message of theirs, and what is kept back of it: one notice for a message, a few a
day; of how many more they were not told stands in their digest (P-11, P-19, P-29, promise 7)."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from civicmail.city.access.models import DutyGrant
from civicmail.city.access.moments import in_words, moment
from civicmail.city.directory.models import Person
from civicmail.city.notices.actions import tell
from civicmail.city.notices.models import Notice
from civicmail.city.policy.clauses import CLAUSES, address
from civicmail.desk.holding import senders
from civicmail.desk.holding.asked import Told
from civicmail.desk.holding.models import Finding, Untold

MOST = 3
"""Notices of one person and day."""
LATE = 2 * 86_400_000
"""ms after which nobody is told any more: a worker that catches up after days does not write to everybody."""


def tell_sender(person: Person, capture: str, at: int, rules: list[Told], now: int) -> None:
    """rules: as asked.for_sender says them; at: ms of receipt. Belongs into a transaction."""
    to = senders.address_of(person)
    if not rules or not to or now - at > LATE:
        return
    day = timezone.localdate(moment(at))
    today = f"sender:{day}:{person.pk}:"
    key = f"{today}{capture}"
    if Notice.objects.filter(key=key).exists():
        return
    if Notice.objects.filter(key__startswith=today).count() >= MOST:
        row, _ = Untold.objects.select_for_update().get_or_create(person=person, day=day)
        row.count += 1
        row.save(update_fields=["count"])
        return
    subject, text = letter(capture, at, rules)
    tell(key, to, subject, text, now=moment(now))


def letter(capture: str, at: int, rules: list[Told]) -> tuple[str, str]:
    """Subject and text. Nothing of the message is in it: whoever sent it knows it by its time."""
    when, pages = timezone.localtime(moment(at)), settings.CITY.web.url
    held = any(told.held for told in rules)
    begin = "was kept back, at least for some recipients" if held else "was sent; a rule has something to say about it"
    lines = [f"A message that you sent on {in_words(when.date())} at {when:%H:%M} {begin}."]
    for told in rules:
        ask = f" Ask: {told.ask}." if told.ask else ""
        said = "Kept back" if told.held else "Please note"
        lines.append(f"{said}: {told.words}{ask}")
        lines.append(f"It serves {told.clause} of the e-mail policy ({CLAUSES[told.clause].title}): {address(told.clause, pages)}")
    if held:
        lines.append(f"What was decided, and where to say that it is wrong: {pages}/decision/{capture}/")
    else:
        lines.append(f"Number of the message, should you ask: {capture}")
    return ("A message of yours is kept back" if held else "About a message that you sent"), "\n\n".join(lines)


def tell_reviewers(finding: Finding, sender: Person, now: int) -> None:
    """Each use reviewer but the sender hears that there is a finding that does not wait; not whose it is. Belongs into a
    transaction."""
    at = moment(now)
    held = DutyGrant.objects.filter(duty="use-reviewer", ended__isnull=True, starts__lte=at, until__gt=at)
    where = f"{settings.CITY.web.url}{reverse('finding', args=[finding.pk])}"
    lines = [
        f"The rule {finding.rule} has found something in a message that should be looked at now.",
        f"Look at it, and call for help if somebody may be in danger: {where}",
    ]
    for person in Person.objects.filter(pk__in=held.values("person")).exclude(pk=sender.pk):
        if to := senders.address_of(person):
            tell(f"finding-now:{finding.pk}:{person.pk}", to, "A finding that does not wait", "\n\n".join(lines), now=at)
