"""An invitation to a meeting: a card above the message that has it, and three answers (RFC 5546; P-06)."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_lazy, ngettext, pgettext
from django.views.decorators.http import require_POST

from civicmail.city.guard.epoch import from_ms
from civicmail.city.pages import act_pages
from civicmail.city.pages.city_request import CityRequest as Request
from civicmail.city.pages.city_request import acting
from civicmail.city.pages.states import labels
from civicmail.city.pages.wording import day
from civicmail.desk.mailbox.actions.answer_invitation import TEXTS, Invitation, last_answer
from civicmail.desk.mailbox.acts.invitations import ANSWER_INVITATION
from civicmail.desk.mailbox.mail_list import header_of
from civicmail.desk.mailbox.views.opened_message import OpenedMessage
from civicmail.desk.viewer import sandboxed
from civicmail.desk.viewer.delivered_copy import delivered_bytes
from civicmail.desk.viewer.meeting import Guest, Meeting, Repeats, When

ANSWER_TEXTS = labels(
    ACCEPTED="attending", TENTATIVE="tentative", DECLINED="declined", DELEGATED="delegated", **{"NEEDS-ACTION": "pending"}
)
"""Answer of a guest -> role and word."""
ACTS: dict[str, Any] = {
    "ACCEPTED": gettext_lazy("Accept"),
    "TENTATIVE": gettext_lazy("Tentative"),
    "DECLINED": gettext_lazy("Decline"),
}
"""Answer of mine -> its button."""
DAYS = {
    "MO": gettext_lazy("Monday"), "TU": gettext_lazy("Tuesday"), "WE": gettext_lazy("Wednesday"), "TH": gettext_lazy("Thursday"),
    "FR": gettext_lazy("Friday"), "SA": gettext_lazy("Saturday"), "SU": gettext_lazy("Sunday"),
}  # fmt: skip
_LOOKS_LIKE_ONE = re.compile(rb"text/calendar|application/ics|\.ics", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Card:
    """The context of the template. news: role and words; me: the invited one of the person's mailboxes; given: the last answer;
    answers: possible ones now, (value, words), without the last."""

    meeting: Meeting
    when: str
    repeats: str
    guests: list[tuple[Guest, str, Any]]
    news: tuple[str, str] | None
    me: Guest | None
    given: tuple[str, Any] | None
    answers: list[tuple[str, Any]]


def card_of(one: OpenedMessage) -> Card | None:
    """None where the message has no calendar."""
    meeting = _meeting(one)
    if meeting is None:
        return None
    me = _me(one, meeting)
    last = last_answer(one.capture.id, one.permit.person)
    guests = [(guest, *ANSWER_TEXTS[last if last and guest is me else guest.answer]) for guest in meeting.guests]
    return Card(
        meeting,
        when_text(meeting),
        repeat_text(meeting.repeats),
        guests,
        _news(one, meeting),
        me,
        ANSWER_TEXTS[last] if last else None,
        [(value, words) for value, words in ACTS.items() if value != last] if _may(one, meeting, me) else [],
    )


@acting("my.mail")
@require_POST
def answer(request: Request, id: uuid.UUID) -> HttpResponse:
    """Goes to the organizer as mail of mine, like any other."""
    invitation = act_pages.permitted_row(ANSWER_INVITATION, request, id)
    return act_pages.respond_to_button(request, ANSWER_INVITATION, invitation, reverse("mail-message", args=[id]))


def invitation_of(one: OpenedMessage) -> Invitation | None:
    """The invitation that the person may answer; None if it is not one for them."""
    meeting = _meeting(one) if one.eye != "shut" else None
    me = _me(one, meeting) if meeting else None
    if meeting is None or me is None or not _may(one, meeting, me):
        return None
    mailbox = next(box.id for box in one.mine.boxes if me.address in box.addresses)
    fields = header_of(one.archive.body(one.permit, one.place))
    return Invitation(one.capture.id, meeting, me, mailbox, f"<{fields.message_id}>" if fields.message_id else "")


def _meeting(one: OpenedMessage) -> Meeting | None:
    body = one.archive.body(one.permit, one.place)
    if not _LOOKS_LIKE_ONE.search(body):
        return None
    return sandboxed.meeting(body if one.eye == "author" else delivered_bytes(body, one.capture))


def _me(one: OpenedMessage, meeting: Meeting) -> Guest | None:
    """The guest who I am: my own mailbox first, then one of a function."""
    by = {guest.address: guest for guest in meeting.guests}
    return next((by[a] for box in one.mine.boxes for a in box.addresses if a in by), None)


def _may(one: OpenedMessage, meeting: Meeting, me: Guest | None) -> bool:
    organizer = meeting.organizer
    mine = organizer is not None and organizer.address in one.mine.addresses
    is_request = meeting.method == "REQUEST" and not meeting.canceled and bool(meeting.uid)
    return one.eye == "given" and is_request and me is not None and organizer is not None and not mine


def _news(one: OpenedMessage, meeting: Meeting) -> tuple[str, str] | None:
    """The effect of this message on the meeting."""
    if meeting.canceled:
        return "stop", gettext("This meeting is canceled.")
    if meeting.method == "REPLY":
        return _answered(one, meeting)
    if meeting.method == "COUNTER":
        return "wait", gettext("A guest proposes another time.")
    return ("wait", gettext("This changes an earlier invitation.")) if meeting.sequence else None


def _answered(one: OpenedMessage, meeting: Meeting) -> tuple[str, str]:
    """Who answers, and how; only for the claimed sender of the message: nobody answers for another."""
    writers = {a.addr.lower() for a in header_of(one.archive.body(one.permit, one.place)).from_}
    guest = meeting.guests[0] if len(meeting.guests) == 1 else None
    if guest is None or guest.answer not in TEXTS or guest.address not in writers:
        return "wait", gettext("This is an answer to an invitation.")
    return ANSWER_TEXTS[guest.answer][0], str(TEXTS[guest.answer]).format(guest.name or guest.address)


def when_text(meeting: Meeting) -> str:
    """The time of the meeting in the city's zone."""
    start, end = _moment_text(meeting.start), _moment_text(meeting.end)
    if not start:
        return gettext("It names no time.")
    same = meeting.start.ms is not None and meeting.end.ms is not None and _day(meeting.start.ms) == _day(meeting.end.ms)
    if same and meeting.end.ms is not None:
        end = date_format(timezone.localtime(from_ms(meeting.end.ms)), "TIME_FORMAT")
    text = start if not end or end == start else gettext("{start} to {end}").format(start=start, end=end)
    return gettext("{when}, by a clock that it does not name").format(when=text) if meeting.start.clock else text


def _moment_text(when: When) -> str:
    if when.ms is not None:
        return _at(timezone.localtime(from_ms(when.ms)))
    if when.day:
        return day(date.fromisoformat(when.day))
    return _at(datetime.fromisoformat(when.clock)) if when.clock else ""


def _at(at: datetime) -> str:
    return f"{date_format(at, pgettext('format of a day with its name', 'l, M j, Y'))}, {date_format(at, 'TIME_FORMAT')}"


def _day(at: int) -> date:
    return timezone.localtime(from_ms(at)).date()


def repeat_text(repeats: Repeats) -> str:
    """The recurrence in words; empty for a single meeting."""
    step = repeats.step
    every = {
        "DAILY": ngettext("every day", "every {n} days", step),
        "WEEKLY": ngettext("every week", "every {n} weeks", step),
        "MONTHLY": ngettext("every month", "every {n} months", step),
        "YEARLY": ngettext("every year", "every {n} years", step),
    }.get(repeats.every, "")
    if not every:
        return gettext("more than once; the file says when") if repeats.every or repeats.besides else ""
    days = [_weekday(on) for on in repeats.on]
    parts = [every.format(n=step)]
    if days and all(days):
        parts.append(gettext("on {days}").format(days=", ".join(days)))
    if repeats.count:
        parts.append(ngettext("{n} time", "{n} times", repeats.count).format(n=repeats.count))
    elif repeats.until:
        parts.append(gettext("until {day}").format(day=_moment_text(repeats.until)))
    if repeats.besides or not all(days):
        parts.append(gettext("with exceptions; the file says which"))
    return ", ".join(parts)


def _weekday(on: str) -> str:
    """MO, or 2TU and -1FR: the second, the last of a month."""
    name = DAYS.get(on[-2:])
    which = on[:-2]
    if name is None or which not in ("", "1", "2", "3", "4", "-1"):
        return ""
    ordinals = {"1": gettext("the first {day}"), "2": gettext("the second {day}"), "3": gettext("the third {day}")}
    ordinals |= {"4": gettext("the fourth {day}"), "-1": gettext("the last {day}"), "": "{day}"}
    return ordinals[which].format(day=name)
