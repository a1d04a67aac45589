"""Contesting a decision, and answering: a row without an account, an act of an officer with an entry (P-29, promise 7)."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import transaction

from civicmail.city.access import guard
from civicmail.city.access.actions import entries
from civicmail.city.access.actions.acting import locked, person_of
from civicmail.city.access.actors import Actor
from civicmail.city.access.errors import Conflict, Unusable
from civicmail.city.access.moments import moment
from civicmail.city.access.reasons import reason as given
from civicmail.city.notices.actions import tell
from civicmail.desk.holding.decisions import Decision
from civicmail.desk.holding.models import Contest

ANSWERS = {
    "upheld": "The decision stands.",
    "released": "You were right: the message was let go.",
    "corrected": "You were right: the rule was put right. Please send the message again.",
}
OPEN_MOST = 5
"""Contests of one decision that may wait at a time."""
TEXT_MOST = 2000


def contest(capture: uuid.UUID, decision: Decision, text: str, contact: str, *, now: int) -> Contest:
    """Somebody who has the number says that it was wrong. Raises Unusable, Conflict."""
    text = text.strip()
    if not 10 <= len(text) <= TEXT_MOST:
        said = f"Write from 10 to {TEXT_MOST:,} characters."
        raise Unusable(said, {"text": said})
    with transaction.atomic():
        if Contest.objects.filter(capture=str(capture), answer="").count() >= OPEN_MOST:
            raise Conflict("So many have said this already; somebody will look at it.")
        rules = ",".join(r.rule for r in decision.reasons)[:400]
        return Contest.objects.create(capture=str(capture), rules=rules, text=text, contact=contact.strip(), made=moment(now))


def answer(row: Contest, said: str, *, actor: Actor, reason: str, now: int) -> Contest:
    """reason: what whoever contested is told, if they left an address. Raises NotPermitted, Unusable, Conflict."""
    guard.require(actor, "contest.answer", now=now)
    reason = given(reason, least=10)
    if said not in ANSWERS:
        raise Unusable("Choose an answer.", {"answer": "Choose an answer."})
    with transaction.atomic():
        found = locked(row, "answer")
        if found.answer:
            raise Conflict("It was answered meanwhile.")
        found.answer, found.why, found.person, found.answered = said, reason[:400], person_of(actor), moment(now)
        found.save()
        facts = {"answer": said, "rules": found.rules}
        entries.enter("contest.answer", actor=actor, reason=reason[:400], now=now, object=f"capture:{found.capture}", facts=facts)
        if found.contact:
            text = f"You wrote to us about the decision {found.capture}.\n\n{ANSWERS[said]}\n\n{reason}"
            tell(
                f"contest:{found.pk}",
                found.contact,
                f"{settings.CITY.city.name}: your question about a message",
                text,
                now=moment(now),
            )
    return found
