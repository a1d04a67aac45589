"""The warning above a message that there is reason to doubt: what it pretends, who wrote it really, what its marks say (P-26, P-27,
P-31).

The marks are those of the reader's own copy, so that the page and the delivered copy say the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext, gettext_lazy

from civicmail.city.pages import wording
from civicmail.city.snapshot.snapshot import Mailbox
from civicmail.desk.mailbox import queries
from civicmail.desk.mailbox.views.delivery import shown_copies
from civicmail.desk.mailbox.views.opened_message import OpenedMessage
from civicmail.desk.viewer.message_view import Person
from civicmail.desk.viewer.runs import plain
from civicmail.mail.pipeline import labels
from civicmail.mail.screening.claimed_identity import identify

WRITTEN_HERE = "local"
"""Source of notices, delivery reports and auto-replies, which come through no entry point."""

_NAME, _LINK, _FILE, _PROOF = (
    gettext_lazy("The sender is not who the name says"),
    gettext_lazy("A link in this message leads elsewhere"),
    gettext_lazy("A file of this message is dangerous to open"),
    gettext_lazy("Nothing proves who sent this"),
)
TITLES: dict[str, Any] = {
    "staff-name": _NAME,
    "pretender": _NAME,
    "company-name": _NAME,
    "lookalike": gettext_lazy("The sender’s domain only looks like one that you know"),
    "reply-elsewhere": gettext_lazy("Your answer would go to another address"),
    "unproven": _PROOF,
    "forwarded": _PROOF,
    "unlisted-server": _PROOF,
    "no-address": _PROOF,
    "deceptive-link": _LINK,
    "disguised-link": _LINK,
    "odd-link": _LINK,
    "hidden-host": _LINK,
    "form-file": _FILE,
    "smuggled-file": _FILE,
}
"""Mark of a doubt (marks.doubts of the settings) -> the title; a city's own marks have the general one."""
NAMES = frozenset({"staff-name", "pretender", "lookalike", "company-name"})
"""Marks by which the sender's name is a false claim."""


@dataclass(frozen=True, slots=True)
class WarningNote:
    """text: one sentence about the reason; more: of further marks. colleague: whose name it carries and whose address it is not;
    is_false: the sender's name is shown struck out."""

    title: str
    text: str
    more: tuple[str, ...] = ()
    colleague: Mailbox | None = None
    is_false: bool = False


def is_outside(one: OpenedMessage) -> bool:
    """Whether the reader got it from outside the city."""
    return one.eye == "given" and one.capture.source.kind != WRITTEN_HERE and labels.is_inbound(one.capture)


def marks(one: OpenedMessage) -> dict[str, str]:
    """The marks of the person's own copies: name and words of each."""
    if not is_outside(one):
        return {}
    mine = {(p.box or p.address).lower() for p in shown_copies(one)}
    to = one.capture.envelope.recipients
    return dict(mark for d in one.capture.dispositions if (to[d.to].box or to[d.to].address).lower() in mine for mark in d.marks)


def warning(one: OpenedMessage, author: Person | None) -> WarningNote | None:
    """The warning, if the delivered copy has a warning banner (courier/warning_banner.py). author: the first in From."""
    reasons = marks(one)
    doubts = [name for name in settings.CITY.marks.doubts if name in reasons]
    if not doubts:
        return None
    first = next((name for name in doubts if name in NAMES), doubts[0])
    more = tuple(wording.translate(text) for name, text in reasons.items() if name != first)
    is_false = first in NAMES
    if (box := _colleague(author) if is_false else None) is not None and author is not None:
        title = gettext("This is not {name}’s city address").format(name=box.name)
        text = gettext(
            "It carries the name of {name} but came from {address}, outside the city. The real address is {real}. "
            "Do not answer, pay or send anything before you have asked."
        ).format(name=box.name, address=plain(author.address), real=box.id)
        return WarningNote(title, text, more, box, True)
    title = TITLES.get(first, gettext_lazy("Look twice at this message"))
    return WarningNote(str(title), wording.translate(reasons[first]), more, None, is_false)


def _colleague(author: Person | None) -> Mailbox | None:
    """The mailbox of the colleague whose name an outside sender carries."""
    people = queries.people()
    if author is None or people is None:
        return None
    box = identify(people, plain(author.name)).mailbox(people)
    return box if box is not None and box.id != plain(author.address).lower() else None
