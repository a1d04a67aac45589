"""A draft becomes what is asked about and what is sent: recipients looked up, the whole text, the finished message; and the one
submission of this process, for forecasts.
"""

from __future__ import annotations

import atexit
import threading
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from civicmail.city.access.actors import Actor
from civicmail.core.config.clock import now_ms
from civicmail.core.config.sentence import sentence as _
from civicmail.desk.mailbox.actions import sending
from civicmail.desk.mailbox.actions.sending import Written
from civicmail.desk.mailbox.composing import Attachment, Named, build
from civicmail.desk.mailbox.forecast import Foreseen, foreseen
from civicmail.desk.mailbox.models import Draft, Outgoing, addressbook, senders
from civicmail.desk.mailbox.recipients import typed
from civicmail.desk.mailbox.submission import Parcel, Submission
from civicmail.desk.viewer.queries import installation

FIELDS = ("to", "cc", "bcc")
FILES_MOST = 25_000_000
"""Bytes that files have together; more than that hardly any system outside takes."""
_SHARE = 0.7
"""Of the largest message that files may have before they are written in letters (RFC 2045 6.8)."""
_lock = threading.Lock()
_made: dict[Path, Submission] = {}


@dataclass
class Gathered:
    """named: recipients by field; wrong: a sentence by field, where something of it is no recipient."""

    named: dict[str, list[Named]] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)

    @property
    def addresses(self) -> list[str]:
        return list(dict.fromkeys(n.address for name in FIELDS for n in self.named.get(name, ())))


def submission() -> Submission:
    """Of the installation whose pages these are; its limited processes start when they are first needed."""
    data = installation()
    with _lock:
        if data not in _made:
            _made[data] = made = Submission(settings.CITY, data, now_ms)
            atexit.register(made.close)
        return _made[data]


def files_most() -> int:
    """Bytes that the files of one message may have together."""
    return min(FILES_MOST, int(settings.CITY.gateway.max_message * _SHARE))


def gathered(draft: Draft) -> Gathered:
    """To whom a draft goes. Names are looked up in the directory; mailboxes of ours have to be there."""
    found = Gathered()
    for name in FIELDS:
        said = typed(getattr(draft, name))
        problems: list[str] = [_("“{words}” is no address.", words=words) for words in said.wrong]
        known = list(said.named)
        for words in said.names:
            entries = addressbook.named(words)
            if len(entries) == 1:
                known.append(entries[0].named)
            else:
                problems.append(_looked_up(words, len(entries)))
        problems += [no for n in known if (no := _unreachable(n.address))]
        found.named[name] = addressbook.with_names({n.address.lower(): n for n in known}.values())
        if problems:
            found.wrong[name] = problems[0]
    if not found.addresses and not found.wrong:
        found.wrong["to"] = _("Say to whom it goes.")
    if len(found.addresses) > sending.RECIPIENTS:
        found.wrong.setdefault("to", sending.too_many())
    return found


def _looked_up(words: str, count: int) -> str:
    """Why words are no recipient. Nobody is chosen for whoever wrote them: who has a part of the name is named, or counted."""
    if count:
        return _("{count} have the name “{words}”: choose one in the address book.", count=count, words=words)
    near = addressbook.search(words, most=addressbook.MOST)
    if len(near) == 1:
        return _(
            "“{words}” is nobody’s whole name. Do you mean {name} ({address})?",
            words=words,
            name=near[0].name,
            address=near[0].address,
        )
    if len(near) > addressbook.MOST:
        return _(
            "“{words}” is nobody’s whole name, and more than {count} entries of the address book have it: choose one there.",
            words=words,
            count=addressbook.MOST,
        )
    if near:
        return _(
            "“{words}” is nobody’s whole name, and {count} entries of the address book have it: choose one there.",
            words=words,
            count=len(near),
        )
    return _("“{words}” is no address and the name of nobody: choose in the address book.", words=words)


def _unreachable(address: str) -> str:
    no = submission().unreachable(address)
    if not no.startswith("5"):
        return ""
    if no.startswith("550 5.1.1"):
        return _("There is no mailbox {address}.", address=address)
    return _("{address} takes no mail.", address=address)


def foretell(draft: Draft, to: Gathered, *, actor: Actor, now: int) -> Foreseen:
    """What would happen to the draft at this moment. Raises NotPermitted where its mailbox is not the actor's to send from."""
    uid = uuid.uuid4()
    letter = sending.letter_of(_written(draft, to, actor, now), uid, actor=actor, now=now)
    parcel = Parcel(uid, actor.uid, letter.sender.address, tuple(to.addresses), build(letter))
    return foreseen(submission().forecast(parcel), frozenset(settings.CITY.city.domains))


def give(
    draft: Draft, to: Gathered, *, actor: Actor, now: int, wait: int = sending.UNDO, plain: sending.Plain | None = None
) -> Outgoing:
    """Have the draft sent. Raises NotPermitted, Unusable, Conflict."""
    written = _written(draft, to, actor, now)
    return sending.send(written, actor=actor, reason="written", now=now, wait=wait, draft=draft, plain=plain)


def _written(draft: Draft, to: Gathered, actor: Actor, now: int) -> Written:
    foot = senders.block(actor, draft.mailbox, now=now), senders.lines_of(actor)
    return Written(
        mailbox=draft.mailbox,
        to=to.named["to"],
        cc=to.named["cc"],
        bcc=to.named["bcc"],
        subject=draft.subject,
        text=senders.signed(draft.text, draft.quote, *foot),
        files=list(_files(draft)),
        in_reply_to=draft.in_reply_to,
        references=[draft.references],
    )


def _files(draft: Draft) -> Iterable[Attachment]:
    for file in draft.files.order_by("pk"):
        yield Attachment(file.name, bytes(file.content))
