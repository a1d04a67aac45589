"""Notices about files that wait for approval: subject and text in the active language (P-22).

A notice gives the time of the message, and its recipients only to its sender; it never quotes the message.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy, ngettext

from civicmail.city.pages import wording
from civicmail.city.pages.days import last_day
from civicmail.desk.holding.models import Approval, ApprovalCopy, StandingApproval

NoticeText = tuple[str, str]
THINGS: dict[str, Promise] = {
    "files": gettext_lazy("files"),
    "links to shared files": gettext_lazy("links to shared files"),
    "files and links to shared files": gettext_lazy("files and links to shared files"),
}
"""Words for the contents of a request (Approval.things)."""


def approval_request(rows: Sequence[Approval]) -> NoticeText:
    """For approvers. If all files are their own, the link leads to the list that people without a department have, too."""
    things, count = _things_of(rows), len(rows)
    if own := all(row.own for row in rows):
        opening = gettext("{things} that you send out of the city wait for your own decision, with a reason.")
    elif count == 1:
        opening = gettext("A sender in your department wants to send {things} outside the city.")
    else:
        opening = gettext("{count} messages with {things} wait to leave the city.")
    subject = gettext("{things} wait for your approval")
    if count > 1:
        subject = gettext("{count} messages with {things} wait for your approval")
    where = f"{settings.CITY.web.url}{reverse('my-approvals' if own else 'approvals')}"
    opening = _capitalized(opening.format(things=things, count=count))
    text = f"{opening} {gettext('May they leave, to exactly these recipients?')}"
    return _capitalized(subject.format(things=things, count=count)), f"{text}\n\n{gettext('Say whether files may leave')}: {where}"


def reminder(row: Approval) -> NoticeText:
    """For approvers, from the sender."""
    when, things = timezone.localtime(row.received), str(THINGS[row.things])
    opening = gettext("{who} reminds you: {things} of the message of {day} at {time} wait for your approval.")
    opening = opening.format(who=row.person.display, things=things, day=wording.day(when), time=wording.clock(when))
    where = f"{settings.CITY.web.url}{reverse('approval', args=[row.pk])}"
    subject = gettext("Reminder: {things} wait for your approval").format(things=things)
    text = f"{opening} {gettext('May they leave, to exactly these recipients?')}"
    return subject, f"{text}\n\n{gettext('Say whether files may leave')}: {where}"


def decision_notice(row: Approval, copies: Sequence[ApprovalCopy]) -> NoticeText | None:
    """For the sender: the outcome, with the reason. None if it is nothing new to them."""
    first, things = copies[0], str(THINGS[row.things])
    subjects = {
        "approved": gettext("Some of your {things} were approved") if first.without else gettext("Your {things} were approved"),
        "refused": gettext("Your {things} do not leave"),
        "records": gettext("Your {things} do not leave"),
        "expired": gettext("Your {things} were not sent"),
    }
    if first.state not in subjects:
        return None
    openings = {
        "approved": _some_approved(row, first) if first.without else _ALL_APPROVED,
        "refused": gettext("{who} did not approve your {things}, so they do not leave the city."),
        "records": gettext(
            "{who} says that your {things} answer a request for public records. They stay here, and the records office takes care "
            "of them: do not send them yourself (P-21)."
        ),
        "expired": gettext(
            "Nobody has approved your {things} in time, so they did not leave the city. Talk to your manager; then send them again."
        ),
    }
    when, who = timezone.localtime(row.received), first.by.display if first.by is not None else ""
    message_text = gettext("The message of {day} at {time}, to: {to}")
    lines = [
        str(openings[first.state]).format(who=who, things=things),
        message_text.format(day=wording.day(when), time=wording.clock(when), to=", ".join(copy.address for copy in copies)),
    ]
    if first.reason:
        lines.append(gettext("Why: {words}").format(words=first.reason))
    page = f"{settings.CITY.web.url}{reverse('approval', args=[row.pk])}"
    lines.append(gettext("State: {page}").format(page=page))
    return subjects[first.state].format(things=things), "\n\n".join(lines)


def still_held_notice(row: Approval, copies: Sequence[ApprovalCopy]) -> NoticeText:
    """A notice for the sender if another rule holds approved files after the notice of their approval, or a text without its
    files."""
    page = f"{settings.CITY.web.url}{reverse('mail-delivery', args=[row.capture])}"
    if all(copy.is_text_only for copy in copies):
        subject = gettext("Text without its files held by another rule")
        text = gettext("You sent a text without its files, and another rule holds it for: {to}.\n\nWhich, and whom to ask: {page}")
    else:
        subject = gettext("Files approved, but held by another rule")
        text = gettext(
            "Your files were approved, and another rule keeps them all the same, for: {to}.\n\nWhich, and whom to ask: {page}"
        )
    return subject, text.format(to=", ".join(copy.address for copy in copies), page=page)


def standing_review_notice(row: StandingApproval) -> NoticeText:
    """For a head and deputies, halfway."""
    page = f"{settings.CITY.web.url}{reverse('standing-approvals')}"
    text = gettext("Files of {department} leave without a question until {day}. Times that this was used so far: {count}.")
    explanation = text.format(department=row.department.name, day=wording.day(last_day(row.until)), count=row.used)
    return gettext(
        "Standing approval: halfway to its end"
    ), f"{explanation}\n\n{gettext('End it, or leave it: {page}').format(page=page)}"


_ALL_APPROVED = gettext_lazy(
    "{who} approved your {things}. They are on their way, unless another rule keeps them: then you hear of that, too."
)


def _some_approved(row: Approval, copy: ApprovalCopy) -> str:
    """File numbers in the order of the message, without names; with placeholders for person and kind of files."""
    *first, last = map(str, copy.stay)
    numbers = gettext("{some} and {last}").format(some=", ".join(first), last=last) if first else last
    template = ngettext(
        "{{who}} approved some of your {count} {{things}}. They are on their way; file {numbers} does not leave.",
        "{{who}} approved some of your {count} {{things}}. They are on their way; files {numbers} do not leave.",
        len(copy.stay),
    )
    return template.format(count=len(row.parts), numbers=numbers)


def _things_of(rows: Sequence[Approval]) -> str:
    """The word for what these messages contain; a link is never called a file."""
    kinds = {row.things for row in rows}
    return str(THINGS[kinds.pop() if len(kinds) == 1 else "files and links to shared files"])


def _capitalized(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}"
