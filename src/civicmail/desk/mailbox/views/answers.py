"""What the form of a reply or a forward begins with, in the language of the page; asked again of the message itself when it is
saved for the first time, because a form may say anything.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import Http404
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext

from civicmail.city.access.epoch import from_ms
from civicmail.city.access.errors import Unusable
from civicmail.city.access.views import wording
from civicmail.city.access.views.city_request import CityRequest as Request
from civicmail.core.config.sentence import sentence as _
from civicmail.core.sandbox.errors import Unreadable
from civicmail.desk.mailbox import answering
from civicmail.desk.mailbox.actions.drafting import Answers, New
from civicmail.desk.mailbox.answering import HOWS, How, Source
from civicmail.desk.mailbox.recipients import line
from civicmail.desk.mailbox.trueness import looked_at
from civicmail.desk.mailbox.views.delivery import known_to
from civicmail.desk.mailbox.views.one import Found, found
from civicmail.desk.viewer.delivered import given
from civicmail.desk.viewer.shown import File


@dataclass
class Beginning:
    """initial: of the form; empty for a new message. files: of the message that is forwarded; to_mine: addresses of mine to which
    the message came, or from which it went."""

    initial: dict[str, Any] = field(default_factory=dict)
    answers: Answers | None = None
    files: tuple[File, ...] = ()
    to_mine: tuple[str, ...] = ()
    source: Source | None = None

    def taken(self, paths: Sequence[str]) -> list[New]:
        """The chosen files of a forward. Raises Unusable for one that cannot be taken out of the message."""
        if self.source is None or not self.files:
            return []
        try:
            return [looked_at(name, content) for _file, name, content in answering.taken(self.source, paths)]
        except Unreadable:
            said = _("A file could not be taken out of the message. Untick it, and forward the message without it.")
            raise Unusable(said, {"file": said}) from None


def beginning(request: Request, source: str, how: str) -> Beginning:
    """source: id of a message of mine; anything that is none of mine is 404. Of one that was kept back from me nothing is handed
    on."""
    if not source or how not in HOWS:
        return Beginning()
    try:
        id_ = uuid.UUID(source)
    except ValueError:
        raise Http404 from None
    one = found(request, id_)
    if one.eye == "shut":
        raise Http404
    return _begun(one, how)


def _begun(one: Found, how: How) -> Beginning:
    body = one.archive.body(one.permit, one.place)
    content = body if one.eye == "author" else given(body, one.capture)
    mine = one.mine.addresses
    sent = one.eye == "author" and one.traced.sender.lower() in mine
    source = answering.source_of(content, sent=sent, mine=mine)
    start = answering.begun(source, how)
    initial = {
        "to": line(start.to),
        "cc": line(start.cc),
        "subject": start.subject,
        "quote": answering.quoted(source, how, _said(one, source, how)),
        "how": how,
        "source": one.id,
    }
    about = Answers(how, one.id, start.in_reply_to[:998], start.references[:20_000])
    own = [one.traced.sender.lower()] if sent else [(p.box or p.address).lower() for p in known_to(one)]
    return Beginning(initial, about, answering.files_of(source) if how == "forward" else (), tuple(own), source)


def _said(one: Found, source: Source, how: How) -> str:
    """The line above a quotation, or the lines above what is handed on."""
    at = timezone.localtime(answering.date_of(source, from_ms(one.capture.received)))
    when = f"{wording.day(at)}, {date_format(at, 'g:i a')}"
    sender = answering.people(source.shown.from_)
    if how != "forward":
        return gettext("On {when}, {who} wrote:").format(when=when, who=sender)
    lines = [
        gettext("---- Forwarded message ----"),
        gettext("From: {who}").format(who=sender),
        gettext("Date: {when}").format(when=when),
        gettext("Subject: {subject}").format(subject=answering.subject(source)),
        gettext("To: {who}").format(who=answering.people(source.shown.to)),
    ]
    return "\n".join(lines)
