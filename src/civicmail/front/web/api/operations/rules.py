"""Mail rules: in force, by clause, hits; why a message was treated as it was (P-29, promise 7)."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated

from django.http import Http404, HttpResponse
from ninja import Router, Schema

from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.pages.city_request import or_404, require
from civicmail.city.policy.facts import FACTS
from civicmail.desk.oversight.lists.rules import RULES
from civicmail.desk.oversight.models import Version
from civicmail.desk.oversight.queries import policy_report
from civicmail.desk.oversight.queries import rules as queries
from civicmail.desk.oversight.states import WORDS
from civicmail.desk.viewer.queries import damage_as_later, store
from civicmail.front.web.api import pagination
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.list_operations import list_operation
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import RowSchema, shown_as
from civicmail.mail.archive.explanation import MessageExplanation

router = Router(tags=["Rules"])


list_operation(router, RULES)


class ClauseMonth(Schema):
    """A clause in a month, in copies. enforced: that rules acted on; tried: that rules in shadow or notify would have; overridden:
    that a person released all the same; wrong: appeals whose writer was right."""

    clause: str
    month: date
    enforced: int
    tried: int
    overridden: int
    wrong: int


@operation(
    router, "GET", "/rules/report", act="rules.report", scope="read:rules", page="policy-report", response=list[ClauseMonth]
)  # fmt: skip
def read_policy_report(request: Call) -> list[ClauseMonth]:
    """Read the hits of rules by clause for twelve months, oldest first."""
    require(request, "rules.report")
    report = policy_report.read(epoch_ms(request.now))
    return [
        ClauseMonth(
            clause=row.clause, month=month, enforced=row.enforced[month], tried=row.tried[month],
            overridden=row.overridden[month], wrong=row.wrong[month],
        )
        for row in report.clauses
        for month in report.months
    ]  # fmt: skip


class RuleVersion(RowSchema):
    """text: its TOML as it was written; revision: rises with each change of a draft."""

    rule: str
    version: int
    revision: int
    state: Annotated[str, shown_as(WORDS)]
    text: str
    changed: str
    ends: bool
    made: datetime
    activated: datetime | None
    ended: datetime | None
    why: str


class Check(Schema):
    """found: evidence as (part, code, place, mask), never a word of the message; unavailable: why it could not be made."""

    check: str
    unavailable: str
    found: int
    microseconds: int


class Decided(Schema):
    """What was done with some recipients' copies, and by which rules."""

    do: str
    rules: list[str]
    at: datetime | None


class Explanation(Schema):
    """Why this was done with one message, as it was recorded then."""

    id: uuid.UUID
    sha256: str
    book: str
    checks: list[Check]
    decided: list[Decided]


@operation(router, "GET", "/rules/{str:rule}", act="rules.see", scope="read:rules", page="rule", response=list[RuleVersion])
def read_rule(request: Call, rule: str) -> list[RuleVersion]:
    """Read all versions of a rule, newest first, with text."""
    require(request, "rules.see")
    rows = queries.versions(rule)
    if not rows:
        raise Http404
    return [version(v) for v in rows]


def version(v: Version) -> RuleVersion:
    """A version as a program reads it."""
    return RuleVersion.from_row(v, version=v.number)


class FactLine(RowSchema):
    """of: message or recipient; type: bool, int, text or texts; check: who finds it."""

    name: str
    of: str
    type: str
    check: str
    says: str


@operation(router, "GET", "/facts", act="rules.see", scope="read:rules", page="facts", response=list[FactLine])
def list_facts(request: Call, response: HttpResponse) -> list[FactLine]:
    """List the facts that rules may use, and their sources."""
    require(request, "rules.see")
    return pagination.slices(request, response, list(FACTS.values()), FactLine.from_row, key=lambda f: f.name)


@operation(
    router, "GET", "/trace/{uuid:id}/explanation", act="system.see", scope="read:system", page="screening", response=Explanation
)
def explain_message(request: Call, id: uuid.UUID) -> Explanation:
    """Explain the checks and rules that decided about a message; no content."""
    require(request, "system.see")
    archive = store().archive()
    place = or_404(archive.place(id.bytes))
    with damage_as_later():
        return _explained(id, archive.explained(request.actor, place, now=epoch_ms(request.now)))


def _explained(id_: uuid.UUID, e: MessageExplanation) -> Explanation:
    checks = [Check(check=c.check, unavailable=c.unavailable, found=len(c.evidence), microseconds=c.cost) for c in e.checks]
    decided = [Decided(do=d.do, rules=list(d.rules), at=from_ms(d.at) if d.at else None) for d in e.decided]
    return Explanation(id=id_, sha256=e.sha256, book=str(e.book), checks=checks, decided=decided)
