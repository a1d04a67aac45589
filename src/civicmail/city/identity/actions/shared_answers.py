"""Give one answer to several access requests (P-04).

Each is decided as on its own page: by the same verb, in a transaction of its own, with an entry of its own. What is decided one
level higher stays on its own page, which says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from civicmail.city.guard import guard, shared_answers
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import field_error
from civicmail.city.guard.queries import four_eyes
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.guard.shared_answers import MAX_ROWS, Outcome, Single
from civicmail.city.identity.actions import access_requests
from civicmail.city.identity.models import Authorization
from civicmail.city.identity.queries import bars

ANSWERS = ("approve", "refuse")


def sort_out(rows: Iterable[Authorization], *, actor: Actor, now: int) -> tuple[list[Authorization], list[Single[Authorization]]]:
    """The requests that may get one answer together, and the others. A fixed number of queries."""
    rows = list(rows)
    higher = bars.escalated_people((row.person for row in rows), now)
    resources = {row.pk: bars.about_authorization(row) for row in rows}
    facts = four_eyes.facts_of(resources.values(), actor, now)

    def reason_alone(row: Authorization) -> str:
        if row.state != "asked":
            return "It does not wait for an answer any more."
        if row.person_id in higher:
            return "It needs a look of its own; its page says why."
        return guard.may(actor, "request.decide", replace(resources[row.pk], four_eyes=facts), now=now).reason

    return shared_answers.sort_out(rows, reason_alone)


def decide_together(
    rows: Sequence[Authorization], decision: str, *, actor: Actor, reason: str, now: int
) -> Outcome[Authorization, Authorization]:
    """Give each request that allows it this answer; the others stay, with the reason. Raises Unusable: then nothing is changed."""
    if decision not in ANSWERS:
        raise field_error("answer", "Choose an answer.")
    if decision == "refuse":
        reason = checked_reason(reason, min_length=10)
    ready, singles = sort_out(rows[:MAX_ROWS], actor=actor, now=now)
    return shared_answers.answer_each(
        ready, lambda row: access_requests.decide(row, decision, actor=actor, reason=reason, now=now), singles
    )
