"""The initial form of a reply or a forward, in the language of the page.

The first save reads the message again, because a form may claim anything.
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

from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Unusable
from civicmail.city.pages import wording
from civicmail.city.pages.city_request import CityRequest as Request
from civicmail.core.config.sentence import sentence as _
from civicmail.core.sandbox.errors import Unreadable
from civicmail.desk.mailbox import replies
from civicmail.desk.mailbox.actions.edit_drafts import NewFile, ReplyTo
from civicmail.desk.mailbox.draft_file_type import with_file_type
from civicmail.desk.mailbox.recipients import line
from civicmail.desk.mailbox.replies import REPLY_KINDS, ReplyKind, Source
from civicmail.desk.mailbox.views.delivery import shown_copies
from civicmail.desk.mailbox.views.opened_message import OpenedMessage, open_message
from civicmail.desk.viewer.delivered_copy import delivered_bytes
from civicmail.desk.viewer.message_view import File


@dataclass
class ReplyDraft:
    """initial: of the form; empty for a new message. files: of the forwarded message; to_mine: the person's addresses to which the
    message was sent, or from which."""

    initial: dict[str, Any] = field(default_factory=dict)
    answers: ReplyTo | None = None
    files: tuple[File, ...] = ()
    to_mine: tuple[str, ...] = ()
    source: Source | None = None

    def take_files(self, paths: Sequence[str]) -> list[NewFile]:
        """The chosen files of a forward. Raises Unusable for one that cannot be taken out of the message."""
        if self.source is None or not self.files:
            return []
        try:
            return [with_file_type(name, content) for _file, name, content in replies.take_files(self.source, paths)]
        except Unreadable:
            message = _("A file could not be taken out of the message. Untick it, and forward the message without it.")
            raise Unusable(message, {"file": message}) from None


def reply_draft(request: Request, source: str, how: str) -> ReplyDraft:
    """The draft of a reply. source: id of one's own message; any other is 404. A withheld copy is neither quoted nor forwarded."""
    if not source or how not in REPLY_KINDS:
        return ReplyDraft()
    try:
        id_ = uuid.UUID(source)
    except ValueError:
        raise Http404 from None
    one = open_message(request, id_)
    if one.eye == "shut":
        raise Http404
    return _draft_for(one, how)


def _draft_for(one: OpenedMessage, how: ReplyKind) -> ReplyDraft:
    body = one.archive.body(one.permit, one.place)
    content = body if one.eye == "author" else delivered_bytes(body, one.capture)
    mine = one.mine.addresses
    sent = one.eye == "author" and one.traced.sender.lower() in mine
    source = replies.source_of(content, sent=sent, mine=mine)
    start = replies.start_reply(source, how)
    initial = {
        "to": line(start.to),
        "cc": line(start.cc),
        "subject": start.subject,
        "quote": replies.quote_text(source, how, _intro(one, source, how)),
        "how": how,
        "source": one.id,
    }
    about = ReplyTo(how, one.id, start.in_reply_to[:998], start.references[:20_000])
    own = [one.traced.sender.lower()] if sent else [(p.box or p.address).lower() for p in shown_copies(one)]
    return ReplyDraft(initial, about, replies.files_of(source) if how == "forward" else (), tuple(own), source)


def _intro(one: OpenedMessage, source: Source, how: ReplyKind) -> str:
    """The line above a quotation, or the lines above what is handed on."""
    at = timezone.localtime(replies.written_at(source, from_ms(one.capture.received)))
    when = f"{wording.day(at)}, {date_format(at, 'g:i a')}"
    sender = replies.people_text(source.shown.from_)
    if how != "forward":
        return gettext("On {when}, {who} wrote:").format(when=when, who=sender)
    lines = [
        gettext("---- Forwarded message ----"),
        gettext("From: {who}").format(who=sender),
        gettext("Date: {when}").format(when=when),
        gettext("Subject: {subject}").format(subject=replies.subject(source)),
        gettext("To: {who}").format(who=replies.people_text(source.shown.to)),
    ]
    return "\n".join(lines)
