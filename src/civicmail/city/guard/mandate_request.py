"""Request for an examination: people, period, words, duration and reason (E2). Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from civicmail.city.guard import mandates
from civicmail.city.guard.errors import Unusable, require_usable
from civicmail.city.guard.reasons import MIN_LENGTH, checked_reason
from civicmail.core.query.errors import QueryError

MAX_PEOPLE = 100
MAX_WORDS_LENGTH = 1000


@dataclass(frozen=True, slots=True)
class MandateRequest:
    """people: uids, or department: the code of a whole one; first, last: ms of receipt, both included, None for open; words: a
    query that narrows, may be empty; days: for how long."""

    people: tuple[str, ...] = ()
    department: str = ""
    first: int | None = None
    last: int | None = None
    words: str = ""
    days: int = mandates.DEFAULT_DAYS
    reason: str = ""

    def validated(self, now: int) -> MandateRequest:
        """The same without white space around. now: ms. Raises Unusable with the fields."""
        fields: dict[str, str] = {}
        if bool(self.people) == bool(self.department):
            fields["people"] = "Name people, or one department."
        elif len(set(self.people)) > MAX_PEOPLE:
            fields["people"] = f"At most {MAX_PEOPLE} people; more are a department."
        if self.first is not None and self.last is not None and self.first > self.last:
            fields["last"] = "The last day is not before the first."
        if not 1 <= self.days <= mandates.MAX_DAYS:
            fields["days"] = f"From 1 to {mandates.MAX_DAYS} days."
        words = " ".join(self.words.split())
        try:
            mandates.parse_words(words, now, accepted=False)
        except QueryError as error:
            fields["words"] = str(error)
        if len(words) > MAX_WORDS_LENGTH:
            fields["words"] = f"At most {MAX_WORDS_LENGTH} characters."
        try:
            reason = checked_reason(self.reason, min_length=MIN_LENGTH)
        except Unusable as error:
            reason, fields = "", fields | error.fields
        require_usable(fields)
        return replace(self, people=tuple(dict.fromkeys(self.people)), words=words, reason=reason)
