"""Count confidential mail and signs of personal use by department (P-10, P-19, P-28). No name and no message number is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from civicmail.city.directory.models import Person
from civicmail.city.guard.epoch import from_ms
from civicmail.city.identity.actions import tallies
from civicmail.city.policy.rules import RuleSet
from civicmail.desk.holding import record_facts, senders
from civicmail.desk.holding.record_facts import CopyDecision, SentMessage

_WAITS = "pending"


def count_sent(
    sent: SentMessage, decisions: Sequence[CopyDecision], head: Mapping[str, Any], person: Person, book: RuleSet
) -> None:
    """Count a sent message, in an open transaction. head: with the findings. A message that waits for a check is counted after
    its check."""
    if any(decision.do == _WAITS for decision in decisions):
        return
    confidential, personal = (
        record_facts.confidential_outcome(decisions, book),
        not sent.exempt and record_facts.is_personal(head, decisions, book),
    )
    department = senders.department_of(person) if confidential or personal else None
    if confidential:
        tallies.add(department, "confidential-held" if confidential == "held" else "confidential-encrypted", at=from_ms(sent.at))
    if personal:
        tallies.add(department, "personal", at=from_ms(sent.at))
