"""Appeal against a decision, without an account, and an officer's answer with an audit entry (P-29, promise 7).

The answer "released" releases the message itself, so that no notice announces a release that is still pending.
"""

from __future__ import annotations

import hashlib
import hmac
import uuid

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext, gettext_lazy, override

from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person, locked_row
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, field_error
from civicmail.city.guard.reasons import checked_reason as require_reason
from civicmail.city.notices.actions import notify
from civicmail.core.config.sentence import sentence
from civicmail.core.wire import hosts
from civicmail.desk.holding import queries
from civicmail.desk.holding.actions import release_copies
from civicmail.desk.holding.decisions import Decision
from civicmail.desk.holding.held_copies import HeldCopy
from civicmail.desk.holding.models import Contest
from civicmail.desk.holding.pseudonyms import key_of
from civicmail.desk.viewer.queries import installation

ANSWERS = {
    "upheld": gettext_lazy("Decision upheld."),
    "released": gettext_lazy("Your appeal succeeded: the message was released."),
    "corrected": gettext_lazy("You were right: the rule was put right. Please send the message again."),
}
MAX_OPEN = 5
"""Pending appeals against one decision."""
MAX_PER_NETWORK = 10
"""Appeals of one network and day, so that a sender with thousands of numbers cannot flood the desk."""
MAX_TEXT = 2000
_FULL = "So many have said this already; somebody will look at it."
_TOO_OFTEN = "From your network this was said very often today. Come back tomorrow, or ask whom the decision names."


def appeal(capture: uuid.UUID, decision: Decision, text: str, contact: str, *, client: str = "", now: int) -> Contest:
    """Record an appeal by a person who has the number of the decision. client: their network address. Raises Unusable, Conflict."""
    text = text.strip()
    if not 10 <= len(text) <= MAX_TEXT:
        raise field_error("text", f"Write from 10 to {MAX_TEXT:,} characters.")
    network = network_digest(client, now)
    if network and Contest.objects.filter(client=network).count() >= MAX_PER_NETWORK:
        raise Conflict(_TOO_OFTEN)
    made = Contest(
        capture=str(capture),
        rules=",".join(r.rule for r in decision.reasons)[:400],
        text=text,
        contact=contact.strip(),
        made=from_ms(now),
        client=network,
    )
    for _ in range(MAX_OPEN):  # of two at once the database lets one have the place, and the other takes the next
        free_places = sorted(set(range(MAX_OPEN)) - taken_places(str(capture)))
        if not free_places:
            break
        made.place = free_places[0]
        try:
            with transaction.atomic():
                made.save(force_insert=True)
        except IntegrityError:
            made.pk = None
            continue
        return made
    raise Conflict(_FULL)


def taken_places(capture: str) -> set[int]:
    """Places of the pending appeals against this decision."""
    return set(Contest.objects.filter(capture=capture, answer="").values_list("place", flat=True))


def network_digest(client: str, now: int) -> str:
    """Digest of a client's network (/24, /48) and the day, under a key of the installation; "" if the network is unknown."""
    network = hosts.network_of(client)
    if not network:
        return ""
    payload = f"contest\0{network}\0{from_ms(now):%Y-%m-%d}"
    return hmac.digest(key_of(installation()), payload.encode(), hashlib.sha256).hex()[:16]


def answer(row: Contest, outcome: str, *, actor: Actor, reason: str, now: int) -> Contest:
    """Answer an appeal. reason: sent to the person who appealed, if they left an address. Raises NotPermitted, Unusable,
    Conflict, and LaterError if the release is impossible at this moment: then nothing is answered."""
    guard.require(actor, "contest.answer", now=now)
    reason = require_reason(reason, min_length=10)
    if outcome not in ANSWERS:
        raise field_error("answer", "Choose an answer.")
    if Contest.objects.filter(pk=row.pk).exclude(answer="").exists():
        raise Conflict("Not saved: it was answered already.")
    if outcome == "released":
        _release(uuid.UUID(row.capture), actor, reason, now)
    with locked_row(row, "answer") as contest:
        if contest.answer:
            raise Conflict("Not saved: it was answered already.")
        contest.answer, contest.why, contest.person, contest.answered = outcome, reason[:400], acting_person(actor), from_ms(now)
        contest.save()
        facts = {"answer": outcome, "rules": contest.rules}
        entries.enter("contest.answer", actor=actor, reason=reason[:400], now=now, object=f"capture:{contest.capture}", facts=facts)
        if contest.contact:
            subject, text = _notice(contest)
            notify(f"contest:{contest.pk}", contest.contact, subject, text, now=from_ms(now))
    return contest


def _notice(row: Contest) -> tuple[str, str]:
    """Subject and text in each language of the city, with the reason as it was written."""
    subjects, texts = [], []
    for language, _ in settings.LANGUAGES:
        with override(language):
            subjects.append(gettext("{city}: your question about a message").format(city=settings.CITY.city.name))
            opening = gettext("You wrote to us about the decision {number}.").format(number=row.capture)
            texts.append(f"{opening}\n\n{ANSWERS[row.answer]}")
    return " / ".join(dict.fromkeys(subjects)), "\n\n".join([*dict.fromkeys(texts), row.why])


def held_copies_of(capture: uuid.UUID, now: int) -> list[HeldCopy]:
    """Held and quarantined copies of the message at this moment."""
    return [copy for copy in queries.copies(now) if copy.id == capture.bytes]


def _release(capture: uuid.UUID, actor: Actor, reason: str, now: int) -> None:
    """Release every held copy after the checks ran once more. The audit entry comes first. Do nothing if it was released
    already."""
    copies = held_copies_of(capture, now)
    if not copies:
        decision = queries.decision(capture)
        if decision is None or decision.what != "released":
            raise Conflict(sentence("Not released: no copy is held. Choose another answer."))
        return
    released = release_copies.release_message(copies, actor=actor, reason=reason, now=now)
    if released.kept and not released.released:
        holding_rules = ", ".join(dict.fromkeys(name for disposition in released.kept.values() for name in disposition.rules))
        raise Conflict(sentence("It stays: the checks were made once more, and {rules} keeps it.", rules=holding_rules))
