"""Ask a known address whether it sent a message, and record its answer (P-27).

The answer link works once and is sent to that address only. The requester is notified; the message is not shown to anyone.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import struct
import uuid
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, override

from civicmail.city.directory.models import Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import save_values
from civicmail.city.guard.actors import Actor, machine
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, field_error
from civicmail.city.guard.resources import OfPerson
from civicmail.city.notices import signed_links
from civicmail.city.notices.actions import notify
from civicmail.city.notices.errors import BadLink
from civicmail.city.pages.wording import clock, day
from civicmail.desk.holding import senders
from civicmail.desk.holding.containment_states import OPEN
from civicmail.desk.holding.models import Containment, Verification
from civicmail.desk.holding.verification_channels import Channel
from civicmail.desk.viewer.queries import installation

ANSWER_WITHIN_MS = 7 * 86_400_000
"""ms in which an answer is accepted."""
ANSWERS = frozenset({"yes", "no"})
MAX_REMARK = 400
LINK = machine("answer link")
_MORE = struct.Struct(">Q16s")


def ask(
    capture: uuid.UUID, received: int, claimed: str, channel: Channel | None, *, asker: Person, actor: Actor, reason: str, now: int
) -> Verification:
    """Ask once; a second call returns the first question. received: ms, of the message; actor: the person, or the link in their
    copy. Raises NotPermitted, and Conflict if there is no channel, or the address belongs to a contained account."""
    guard.require(actor, "sender.verify", OfPerson(asker.uid), now=now)
    if channel is None:
        raise Conflict(gettext("Nothing was sent: no other address of this sender is known."))
    if channel.inside:
        _require_not_contained(channel.address)
    secret = secrets.token_bytes(16)
    with transaction.atomic():
        row, created = Verification.objects.get_or_create(
            capture=str(capture),
            asker=asker,
            defaults={
                "claimed": claimed[:254], "to": channel.address[:254], "inside": channel.inside, "made": from_ms(now),
                "until": from_ms(now + ANSWER_WITHIN_MS), "secret": hashlib.sha256(secret).hexdigest(),
            },
        )  # fmt: skip
        if created:
            facts = {"inside": int(channel.inside)}
            entries.enter("sender.verify", actor=actor, reason=reason, now=now, object=f"capture:{capture}", facts=facts)
            _send_question(row, received, secret, now)
    return row


def by_link(data: Path, text: str, now: int) -> Verification:
    """The question of an answer link. Raises BadLink, OldLink."""
    token = signed_links.read(data, "answer", text, now)
    if len(token.more) != _MORE.size:
        raise BadLink
    number, secret = _MORE.unpack(token.more)
    row = Verification.objects.select_related("asker").filter(pk=number, capture=str(uuid.UUID(bytes=token.capture))).first()
    if row is None or not hmac.compare_digest(row.secret, hashlib.sha256(secret).hexdigest()):
        raise BadLink
    return row


def answer(row: Verification, answer: str, remark: str, *, now: int) -> Verification:
    """Record the answer, once. remark: what they add. Raises Unusable, and Conflict if it was answered."""
    if answer not in ANSWERS:
        raise field_error("answer", gettext("Choose an answer."))
    with transaction.atomic():
        locked_row = Verification.objects.select_for_update().get(pk=row.pk)
        if locked_row.state != "asked":
            raise Conflict(gettext("This was answered already."))
        if locked_row.inside:
            _require_not_contained(locked_row.to)
        save_values(locked_row, state=answer, answered=from_ms(now), said=" ".join(remark.split())[:MAX_REMARK])
        facts = {"answer": answer, "inside": int(locked_row.inside)}
        entries.enter("sender.answered", actor=LINK, reason=answer, now=now, object=f"capture:{locked_row.capture}", facts=facts)
        _notify_asker(locked_row, now)
    return locked_row


def _require_not_contained(address: str) -> None:
    """Raise Conflict for a contained account, which cannot be asked and cannot answer (P-25)."""
    person = senders.person_of(address)
    if person is not None and Containment.objects.filter(person=person, state__in=OPEN).exists():
        raise Conflict(
            gettext("Somebody else may be using this account at the moment, so what it answers does not count. Ask by telephone.")
        )


def expire(now: int) -> int:
    """Expire unanswered questions and notify the askers; return how many."""
    with transaction.atomic():
        expired = list(Verification.objects.select_for_update(of=("self",)).filter(state="asked", until__lte=from_ms(now))[:200])
        for row in expired:
            save_values(row, state="lapsed")
            _notify_asker(row, now)
    return len(expired)


def _send_question(row: Verification, received: int, secret: bytes, now: int) -> None:
    """Send the question to the known address; outside the city in each of its languages. It contains only the time of the message
    and the requester."""
    payload = _MORE.pack(row.pk, secret)
    token = signed_links.make(installation(), "answer", uuid.UUID(row.capture).bytes, 0, epoch_ms(row.until), payload)
    when = timezone.localtime(from_ms(received))
    holder = senders.person_of(row.to) if row.inside else None
    link = f"{settings.CITY.web.url}{reverse('verified', args=[token])}"
    subjects, texts = [], []
    for language in [holder.language] if holder is not None else [code for code, _ in settings.LANGUAGES]:
        with override(language):
            subjects.append(gettext("Did you write to us?"))
            texts.append(_question(row, when, link))
    notify(f"verify:{row.pk}", row.to, " / ".join(subjects), "\n\n---\n\n".join(texts), now=from_ms(now))


def _question(row: Verification, when: datetime, link: str) -> str:
    """In the active language."""
    return gettext(
        "{asker} got a message on {day} at {time} that says it is from {claimed}, and asks you whether it really is.\n\n"
        "Answer here, once, until {until}. If you did not write it, say so: you are asked at this address because the city "
        "knew it before that message came.\n\n{link}"
    ).format(
        asker=row.asker.display, day=day(when), time=clock(when), claimed=row.claimed, until=day(row.until), link=link,
    )  # fmt: skip


def _notify_asker(row: Verification, now: int) -> None:
    to = senders.address_of(row.asker)
    if not to:
        return
    with override(row.asker.language):
        verdict = {
            "yes": gettext("It is genuine: the sender confirmed that they wrote it."),
            "no": gettext("It is NOT genuine: the sender did not write it. Do not answer it, open nothing in it, and report it."),
            "lapsed": gettext("Nobody has answered. Treat it as not genuine, and call the sender at a number that you know."),
        }[row.state]
        remark = f"\n\n{gettext('They add:')} {row.said}" if row.said else ""
        page = f"{settings.CITY.web.url}{reverse('mail-verify', args=[row.capture])}"
        subject = gettext("About the sender whom you asked about")
        notify(f"verified:{row.pk}", to, subject, f"{verdict}{remark}\n\n{page}", now=from_ms(now))
