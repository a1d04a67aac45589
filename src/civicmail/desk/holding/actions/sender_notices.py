"""Notify senders in the city which rules matched a message of theirs, and what was held of it (P-11, P-19, P-29, promise 7).

One notice for a message and at most three a day; the digest has the number of further ones.
"""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext

from civicmail.city.conduct.queries.deciders import holders
from civicmail.city.directory.models import Person
from civicmail.city.guard.epoch import from_ms
from civicmail.city.notices.actions import notify
from civicmail.city.notices.models import Notice
from civicmail.city.pages import wording
from civicmail.city.policy.clauses import CLAUSES, clause_url
from civicmail.desk.holding import senders
from civicmail.desk.holding.models import Finding, Untold
from civicmail.desk.holding.record_facts import RuleNotice

MAX_PER_DAY = 3
"""Notices of one person and day."""
NOTIFY_WITHIN_MS = 2 * 86_400_000
"""ms after which nobody is told any more: a worker that catches up after days does not write to everybody."""


def notify_sender(person: Person, capture: str, at: int, rule_notices: list[RuleNotice], now: int) -> None:
    """rules: of record_facts.rule_notices; at: ms of receipt. Runs in an open transaction."""
    to = senders.address_of(person)
    if not rule_notices or not to or now - at > NOTIFY_WITHIN_MS:
        return
    day, key = timezone.localdate(from_ms(at)), notice_key(person, capture, at)
    today = key.removesuffix(capture)
    if Notice.objects.filter(key=key).exists():
        return
    if Notice.objects.filter(key__startswith=today).count() >= MAX_PER_DAY:
        row, _ = Untold.objects.select_for_update().get_or_create(person=person, day=day)
        row.count += 1
        row.save(update_fields=["count"])
        return
    with translation.override(person.language):
        subject, text = compose(capture, at, rule_notices)
    notify(key, to, subject, text, now=from_ms(now))


def notice_key(person: Person, capture: str, at: int) -> str:
    """Key of the notice to a person about a message of theirs."""
    return f"sender:{timezone.localdate(from_ms(at))}:{person.pk}:{capture}"


def compose(capture: str, at: int, rules: list[RuleNotice]) -> tuple[str, str]:
    """Subject and text, in the active language, without content of the message; its sender recognizes it by its time."""
    when, pages = timezone.localtime(from_ms(at)), settings.CITY.web.url
    if held := any(notice.held for notice in rules):
        opening = gettext("A message that you sent on {day} at {time} was held, at least for some recipients.")
    else:
        opening = gettext("A message that you sent on {day} at {time} was sent; a rule has something to say about it.")
    lines = [opening.format(day=wording.day(when), time=wording.clock(when)), *(rule_paragraphs(told, pages) for told in rules)]
    if held:
        place = f"{pages}{reverse('decision', args=[capture])}"
        lines.append(gettext("What was decided, and where to say that it is wrong: {page}").format(page=place))
    else:
        lines.append(gettext("Number of the message, should you ask: {number}").format(number=capture))
    return gettext("A message of yours is held") if held else gettext("About a message that you sent"), "\n\n".join(lines)


def rule_paragraphs(notice: RuleNotice, pages: str) -> str:
    """Paragraphs about a rule: its words, whom to ask, and its clause."""
    opening = gettext("Kept back: {words}") if notice.held else gettext("Please note: {words}")
    lines = [opening.format(words=wording.translate(notice.words))]
    if notice.ask:
        lines[0] += " " + gettext("Ask: {whom}.").format(whom=wording.translate(notice.ask))
    serves = gettext("It serves {clause} of the e-mail policy ({title}): {page}")
    title = wording.translate(CLAUSES[notice.clause].title)
    return "\n\n".join([*lines, serves.format(clause=notice.clause, title=title, page=clause_url(notice.clause, pages))])


def notify_reviewers(finding: Finding, sender: Person, now: int) -> None:
    """Notify each use reviewer but the sender of an urgent finding, without a name, in an open transaction."""
    at = from_ms(now)
    where = f"{settings.CITY.web.url}{reverse('finding', args=[finding.pk])}"
    lines = [
        f"The rule {finding.rule} has found something in a message that should be looked at now.",
        f"Look at it, and call for help if somebody may be in danger: {where}",
    ]
    for person in holders("use-reviewer", now):
        if person != sender and (to := senders.address_of(person)):
            notify(f"finding-now:{finding.pk}:{person.pk}", to, "A finding that does not wait", "\n\n".join(lines), now=at)
