"""Turn a draft into a message to forecast or send: look up its recipients and build its text and bytes.

It also holds the one Submission of this process, for forecasts.
"""

from __future__ import annotations

import atexit
import threading
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import require_usable
from civicmail.core.config.clock import now_ms
from civicmail.core.config.sentence import sentence as _
from civicmail.desk.mailbox.actions import send_message
from civicmail.desk.mailbox.actions.send_message import MessageText
from civicmail.desk.mailbox.compose import Attachment, NamedAddress, build
from civicmail.desk.mailbox.forecast import Forecast, forecast_of
from civicmail.desk.mailbox.models import Draft, Outgoing, addressbook, senders
from civicmail.desk.mailbox.models.addressbook import Entry
from civicmail.desk.mailbox.recipients import parse_typed
from civicmail.desk.mailbox.submission import PageMessage, Submission
from civicmail.desk.viewer.queries import installation

FIELDS = ("to", "cc", "bcc")
MAX_CHOICES = 12
"""Entries among which a writer chooses; more are too many to read."""
MAX_FILES_BYTES = 25_000_000
"""Bytes of all files together; hardly any outside system accepts more."""
_SHARE = 0.7
"""Share of the largest message for files, before base64 (RFC 2045 6.8)."""
_lock = threading.Lock()
_submissions: dict[Path, Submission] = {}


@dataclass
class Recipients:
    """named: recipients by field; errors: a sentence by field, if a part is no recipient; unclear: by field and words, the entries
    of the address book among which the writer chooses."""

    named: dict[str, list[NamedAddress]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    unclear: dict[tuple[str, str], list[Entry]] = field(default_factory=dict)

    @property
    def addresses(self) -> list[str]:
        return list(dict.fromkeys(n.address for name in FIELDS for n in self.named.get(name, ())))


def submission() -> Submission:
    """The submission of this installation; its sandboxed processes start at first use."""
    data = installation()
    with _lock:
        if data not in _submissions:
            _submissions[data] = made = Submission(settings.CITY, data, now_ms)
            atexit.register(made.close)
        return _submissions[data]


def max_files_bytes() -> int:
    """Bytes that the files of one message may have together."""
    return min(MAX_FILES_BYTES, int(settings.CITY.gateway.max_message * _SHARE))


def gather_recipients(draft: Draft) -> Recipients:
    """Look up the recipients of a draft in the directory; mailboxes of the city must exist."""
    recipients = Recipients()
    for name in FIELDS:
        typed_names = parse_typed(getattr(draft, name))
        problems: list[str] = [_("“{words}” is no address.", words=words) for words in typed_names.wrong]
        known = list(typed_names.named)
        for words in typed_names.names:
            entries = addressbook.exact_matches(words)
            if len(entries) == 1:
                known.append(entries[0].named)
            else:
                fitting = entries or addressbook.search(words, limit=MAX_CHOICES)
                problems.append(_unclear_text(words, fitting, is_whole=bool(entries)))
                if 0 < len(fitting) <= MAX_CHOICES:
                    recipients.unclear[name, words] = fitting
        problems += [no for n in known if (no := _unreachable(n.address))]
        recipients.named[name] = addressbook.with_names({n.address.lower(): n for n in known}.values())
        if problems:
            recipients.errors[name] = problems[0]
    if not recipients.addresses and not recipients.errors:
        recipients.errors["to"] = _("Say to whom it goes.")
    if len(recipients.addresses) > send_message.MAX_RECIPIENTS:
        recipients.errors.setdefault("to", send_message.too_many_recipients())
    return recipients


def require_recipients(draft: Draft) -> Recipients:
    """The recipients as gather_recipients. Raises Unusable, by field, for an invalid part."""
    recipients = gather_recipients(draft)
    require_usable(recipients.errors)
    return recipients


def _unclear_text(words: str, fitting: Sequence[Entry], *, is_whole: bool) -> str:
    """Why words match no recipient. No match is chosen for the writer. is_whole: it is the whole name of those who fit."""
    if is_whole:
        return _("{count} have the name “{words}”: choose one.", count=len(fitting), words=words)
    if len(fitting) == 1:
        return _(
            "“{words}” is nobody’s whole name. Do you mean {name} ({address})?",
            words=words,
            name=fitting[0].name,
            address=fitting[0].address,
        )
    if len(fitting) > MAX_CHOICES:
        return _("More than {count} entries of the address book fit “{words}”: write more of it.", count=MAX_CHOICES, words=words)
    if fitting:
        return _(
            "“{words}” is nobody’s whole name, and {count} entries of the address book have it: choose one.",
            words=words,
            count=len(fitting),
        )
    return _("“{words}” matches no person or address. Choose from the address book.", words=words)


def _unreachable(address: str) -> str:
    reply = submission().unreachable(address)
    if not reply.startswith("5"):
        return ""
    if reply.startswith("550 5.1.1"):
        return _("There is no mailbox {address}.", address=address)
    return _("{address} takes no mail.", address=address)


def forecast_draft(draft: Draft, to: Recipients, *, actor: Actor, now: int) -> Forecast:
    """Forecast the draft at this moment. Raises NotPermitted if the actor may not send from its mailbox."""
    uid = uuid.uuid4()
    letter = send_message.compose_letter(_message_text(draft, to, actor, now), uid, actor=actor, now=now)
    parcel = PageMessage(uid, actor.uid, letter.sender.address, tuple(to.addresses), build(letter))
    return forecast_of(submission().forecast(parcel), frozenset(settings.CITY.city.domains))


def send_saved(draft: Draft, plain: str, *, actor: Actor, now: int) -> Outgoing:
    """Queue a draft without showing its forecast. plain: why it leaves unencrypted although rules encrypt it, "" to follow the
    rules. Raises NotPermitted, Unusable, Conflict."""
    recipients = require_recipients(draft)
    forecast = forecast_draft(draft, recipients, actor=actor, now=now) if plain else None
    choice = None
    if forecast is not None and forecast.encrypted:
        choice = send_message.UnencryptedChoice(plain, forecast.encrypting_rules, len(forecast.encrypted))
    return send_draft(draft, recipients, actor=actor, now=now, plain=choice)


def send_draft(
    draft: Draft,
    to: Recipients,
    *,
    actor: Actor,
    now: int,
    wait: int = send_message.UNDO_MS,
    plain: send_message.UnencryptedChoice | None = None,
) -> Outgoing:
    """Queue the draft. Raises NotPermitted, Unusable, Conflict."""
    written = _message_text(draft, to, actor, now)
    return send_message.send(written, actor=actor, reason="written", now=now, wait=wait, draft=draft, plain=plain)


def _message_text(draft: Draft, to: Recipients, actor: Actor, now: int) -> MessageText:
    signature = senders.identification_block(actor, draft.mailbox, now=now), senders.signature_lines(actor)
    return MessageText(
        mailbox=draft.mailbox,
        to=to.named["to"],
        cc=to.named["cc"],
        bcc=to.named["bcc"],
        subject=draft.subject,
        text=senders.full_text(draft.text, draft.quote, *signature),
        files=list(_files(draft)),
        in_reply_to=draft.in_reply_to,
        references=[draft.references],
    )


def _files(draft: Draft) -> Iterable[Attachment]:
    for file in draft.files.order_by("pk"):
        yield Attachment(file.name, bytes(file.content))
