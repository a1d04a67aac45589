"""Sums of a department from what its people send: confidential mail, and signs of personal use (P-10, P-19, P-28). Nobody's name
and no number of a message is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from civicmail.city.access.actions import tallies
from civicmail.city.access.moments import moment
from civicmail.city.directory.models import Person
from civicmail.city.policy.rules import Book
from civicmail.desk.holding import asked, senders
from civicmail.desk.holding.asked import Said, Sent

_WAITS = "pending"


def count(sent: Sent, said: Sequence[Said], head: Mapping[str, Any], person: Person, book: Book) -> None:
    """head: with the findings. What waits for a check is counted when that has answered. Belongs into a transaction."""
    if any(one.do == _WAITS for one in said):
        return
    done, personal = asked.confidential(said, book), not sent.exempt and asked.is_personal(head, said, book)
    where = senders.department_of(person) if done or personal else None
    if done:
        tallies.add(where, "confidential-held" if done == "held" else "confidential-encrypted", at=moment(sent.at))
    if personal:
        tallies.add(where, "personal", at=moment(sent.at))
