"""Write mail rules: draft, test, proposal, decision, replay (P-29).

Each change names the revision that it saw. An author of a version never approves it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from django.shortcuts import get_object_or_404
from ninja import Schema

from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.views.city_request import require
from civicmail.desk.oversight.actions import replays, rule_decisions
from civicmail.desk.oversight.actions import rules as verbs
from civicmail.desk.oversight.models import Replay as Row
from civicmail.desk.oversight.models import Version
from civicmail.desk.oversight.views import write_rule as typed
from civicmail.desk.oversight.views.decide_rule_page import Answer
from civicmail.desk.oversight.views.replays import Order
from civicmail.desk.oversight.views.rule_pages import version_of, versions_of
from civicmail.front.web.api import request_bodies
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.idempotency import as_seen, once
from civicmail.front.web.api.operations.rules import RuleVersion, version
from civicmail.front.web.api.operations.rules import router as router
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import Who, who

RULE = "/rules/{slug:rule}"
VERSION = f"{RULE}/versions/{{int:number}}"
REPLAY = f"{RULE}/replays/{{int:id}}"


class RuleToWrite(Schema):
    """text: TOML, one [[rule]] with an example that it fits and one that it does not; changed: what is new, in a sentence; after:
    the newest version's number, 0 for a new rule."""

    text: str
    changed: str = ""
    after: int = 0


class Edited(Schema):
    """revision: as it was read."""

    text: str
    changed: str
    revision: int


class RevisionSeen(Schema):
    """revision: as it was read."""

    revision: int


class RevisionBecause(RevisionSeen):
    """reason: in at least ten characters."""

    reason: str


class Proposing(RevisionBecause):
    """starts: the day from which it acts, left out for as soon as it is approved."""

    starts: date | None = None


class RuleDecision(RevisionBecause):
    """decision: approve or refuse."""

    decision: str


class Ordering(Schema):
    """days: 1, 7, 31, 92 or 366; query: by sizes, addresses and kinds of files, never by words of mail."""

    days: int = 31
    query: str = ""


class ReplaySeen(Schema):
    """state: as it was read."""

    state: str


class Replay(Schema):
    """state: waiting, reading, done, stopped or failed; found, done: messages; result: what it counted."""

    id: int
    rule: str
    version: int
    state: str
    by: Who
    query: str
    asked: datetime
    found: int
    done: int
    result: dict[str, Any]


@operation(router, "POST", "/rules", act="rule.write", scope="write:rules", page="rule-new", response=RuleVersion, status=201)
def draft_rule(request: Call, body: RuleToWrite) -> RuleVersion:
    """Draft a rule or its next version; it takes effect only after approval."""
    require(request, "rule.write")
    c = request_bodies.checked(typed.RuleText({"text": body.text, "changed": body.changed, "seen": body.after}))
    return once(
        request,
        lambda: version(verbs.draft(c["text"], c["changed"], after=c["seen"], actor=request.actor, now=epoch_ms(request.now))),
    )


@operation(router, "PATCH", VERSION, act="rule.write", scope="write:rules", page="version-edit", response=RuleVersion)
def edit_rule(request: Call, rule: str, number: int, body: Edited) -> RuleVersion:
    """Edit a draft; an editor cannot approve it."""
    require(request, "rule.write")
    row = _seen(request, rule, number, body.revision)
    c = request_bodies.checked(typed.RuleText({"text": body.text, "changed": body.changed, "seen": body.revision}))
    return version(verbs.edit(row, c["text"], c["changed"], actor=request.actor, now=epoch_ms(request.now)))


@operation(router, "POST", f"{VERSION}/test", act="rule.write", scope="write:rules", page="version-test", response=RuleVersion)
def test_rule(request: Call, rule: str, number: int, body: RevisionSeen) -> RuleVersion:
    """Test its examples, and the whole rule set with it."""
    require(request, "rule.write")
    row = _seen(request, rule, number, body.revision)
    return once(request, lambda: version(verbs.test(row, actor=request.actor, now=epoch_ms(request.now))))


@operation(
    router, "POST", f"{VERSION}/propose", act="rule.write", scope="write:rules", page="version-propose", response=RuleVersion
)
def propose_rule(request: Call, rule: str, number: int, body: Proposing) -> RuleVersion:
    """Request approval by a second person."""
    require(request, "rule.write")
    row = _seen(request, rule, number, body.revision)
    form = typed.Proposal(request_bodies.plain(body))
    c = request_bodies.checked(form)

    def do() -> RuleVersion:
        return version(verbs.propose(row, c["reason"], starts=form.moment(), actor=request.actor, now=epoch_ms(request.now)))

    return once(request, do)


@operation(
    router, "POST", f"{VERSION}/withdraw", act="rule.write", scope="write:rules", page="version-withdraw", response=RuleVersion
)
def withdraw_rule(request: Call, rule: str, number: int, body: RevisionBecause) -> RuleVersion:
    """Withdraw a version before it is in force."""
    return _because(request, _writes(request, rule, number, body), body, verbs.withdraw)


@operation(router, "POST", f"{RULE}/take-out", act="rule.write", scope="write:rules", page="rule-take-out", response=RuleVersion,
           status=201)  # fmt: skip
def take_rule_out(request: Call, rule: str, body: RevisionBecause) -> RuleVersion:
    """Propose to retire a rule; revision: of the version in force."""
    require(request, "rule.write")
    rows = versions_of(rule)
    row = next((v for v in rows if v.state == "active"), rows[0])
    return _because(request, _as_seen(request, row, body.revision), body, verbs.take_out)


def _because(request: Call, row: Version, body: RevisionBecause, verb: Callable[..., Version]) -> RuleVersion:
    reason = request_bodies.checked(typed.Reason(request_bodies.plain(body)))["reason"]
    return once(request, lambda: version(verb(row, reason, actor=request.actor, now=epoch_ms(request.now))))


@operation(router, "POST", f"{VERSION}/decide", act="rule.decide", scope="write:rules", page="version-decide", response=RuleVersion)
def decide_rule(request: Call, rule: str, number: int, body: RuleDecision) -> RuleVersion:
    """Approve or deny a version, as a person who did not edit it."""
    row = version_of(rule, number)
    rule_decisions.require_second(row, request.actor, epoch_ms(request.now))
    row = _as_seen(request, row, body.revision)
    c = request_bodies.checked(Answer(request_bodies.plain(body)))
    verb = rule_decisions.approve if c["decision"] == "approve" else rule_decisions.deny
    return once(request, lambda: version(verb(row, actor=request.actor, reason=c["reason"], now=epoch_ms(request.now))))


def _writes(request: Call, rule: str, number: int, body: RevisionSeen) -> Version:
    require(request, "rule.write")
    return _seen(request, rule, number, body.revision)


def _seen(request: Call, rule: str, number: int, revision: int) -> Version:
    return _as_seen(request, version_of(rule, number), revision)


def _as_seen(request: Call, row: Version, revision: int) -> Version:
    as_seen(request, row.revision, revision, "Somebody has written in it meanwhile; read it again.")
    return row


# -- replays


@operation(
    router, "POST", f"{VERSION}/replay", act="rule.replay", scope="write:rules", page="rule-replay", response=Replay, status=201
)
def replay_rule(request: Call, rule: str, number: int, body: Ordering) -> Replay:
    """Try a version on past mail; that mail is unaffected."""
    require(request, "rule.replay")
    row = version_of(rule, number)
    c = request_bodies.checked(Order({"days": str(body.days), "query": body.query}))
    first = epoch_ms(request.now - timedelta(days=int(c["days"])))

    def do() -> Replay:
        return _replay(replays.order(row, c["query"], first, epoch_ms(request.now), actor=request.actor, now=epoch_ms(request.now)))

    return once(request, do)


@operation(router, "GET", REPLAY, act="rules.see", scope="read:rules", page="replay", response=Replay)
def read_replay(request: Call, rule: str, id: int) -> Replay:
    """Read the progress and the counts of a replay."""
    require(request, "rules.see")
    return _replay(_the_replay(rule, id))


@operation(router, "POST", f"{REPLAY}/stop", act="rule.replay", scope="write:rules", page="replay-stop", response=Replay)
def stop_replay(request: Call, rule: str, id: int, body: ReplaySeen) -> Replay:
    """Stop a replay."""
    require(request, "rule.replay")
    row = _the_replay(rule, id)
    as_seen(request, row.state, body.state, "It has gone on meanwhile; read it again.")

    def do() -> Replay:
        replays.stop(row, actor=request.actor, now=epoch_ms(request.now))
        return _replay(_the_replay(rule, id))

    return once(request, do)


def _the_replay(rule: str, id_: int) -> Row:
    return get_object_or_404(Row.objects.select_related("version", "by"), pk=id_, version__rule=rule)


def _replay(r: Row) -> Replay:
    return Replay(
        id=r.pk, rule=r.version.rule, version=r.version.number, state=r.state, by=who(r.by), query=r.query, asked=r.asked,
        found=r.found, done=r.done, result=r.result,
    )  # fmt: skip
