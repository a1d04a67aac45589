"""Acts on versions of mail rules: draft, edit, test, propose, withdraw, take out, decide (P-29).

Each change names the revision that its author saw. An author of a version never approves it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.resources import Resource
from civicmail.city.pages.act import Act, FormPage, Operation, Page
from civicmail.city.pages.inputs import Choice, Code, Input, Number, OptionalDay, Seen, Text, reason
from civicmail.desk.oversight import rule_text, states

if TYPE_CHECKING:
    from civicmail.desk.oversight.models import Version

_ROUTE, _PATH = "policy/rules/<slug:rule>/", "/rules/{slug:rule}"
_VERSION_ROUTE, _VERSION_PATH = _ROUTE + "<int:number>/", _PATH + "/versions/{int:number}"
_WAITS = "It waits for a second person."


class RevisionSeen(Input):
    """revision: as it was read."""

    revision = Seen(label="The revision as it was seen.", is_number=True)


class RevisionBecause(RevisionSeen):
    """reason: in at least ten characters."""

    reason = reason(help="At least 10 characters.", min_length=10)


class RuleToDraft(Input):
    """text: TOML, one [[rule]] with an example that it fits and one that it does not; changed: what is new, in a sentence; reason:
    why it should act, which proposes it at once; after: the newest version's number, 0 for a new rule."""

    text = Code(
        label="The rule", help="TOML: one [[rule]], and at least one example that it fits and one that it does not.",
        max_length=rule_text.MAX_TEXT, rows=24,
    )  # fmt: skip
    changed = Text(
        label="What is new?", required=False,
        help="In a sentence of at least 3 characters, for whoever approves it; not needed for the first version.",
    )  # fmt: skip
    reason = Text(
        label="Why should it act?", required=False, hidden=True,
        help="At least 10 characters. With it, the draft is tested and proposed at once; without it, it stays a draft.",
    )  # fmt: skip
    after = Number(label="The newest version's number, 0 for a new rule.", default=0, minimum=0, hidden=True)


class RuleToEdit(RevisionSeen):
    """text, changed, reason: as of a draft; revision: as it was read."""

    text = RuleToDraft.text
    changed = RuleToDraft.changed
    reason = RuleToDraft.reason


class Proposal(RevisionSeen):
    """reason: in at least ten characters; starts: the day from which it acts, left out for as soon as it is approved."""

    reason = reason("Why should it act?", "At least 10 characters. Whoever approves it reads this.", min_length=10)
    starts = OptionalDay(label="From which day?", help="Empty: as soon as it is approved.")


class RuleDecision(RevisionSeen):
    """decision: approve or refuse; reason: in at least ten characters."""

    decision = Choice(
        label="Your decision", radio=True, missing="Choose one of the two.",
        choices=[("approve", "Approve"), ("refuse", "Do not approve")],
    )  # fmt: skip
    reason = reason(help="At least 10 characters. Its author reads it, and it is kept for ever.", min_length=10)


class DraftRule(Act[None, RuleToDraft, "Version"]):
    """Draft a rule or its next version; it takes effect only after approval."""

    name, permission, input = "draft_rule", "rule.write", RuleToDraft
    operation = Operation("/rules", "write:rules", page="rule-new", status=201)

    def perform(self, given: RuleToDraft, *, actor: Actor, now: int) -> Version:
        from civicmail.desk.oversight.actions import rules

        return rules.draft(given.text, given.changed, after=given.after, reason=given.reason, actor=actor, now=now)

    def message(self, row: None, done: Version) -> str:
        return _saved(done)

    def after(self, done: Version) -> str:
        return version_url(done)


class _OnVersion[Given: Input](Act["Version", Given, "Version"]):
    permission = "rule.write"

    def load(self, rule: str, number: int, *, actor: Actor, now: int) -> Version:
        from django.shortcuts import get_object_or_404

        from civicmail.desk.oversight.models import Version

        return get_object_or_404(Version.objects.select_related("author", "approver"), rule=rule, number=number)

    def state(self, row: Version) -> str:
        return str(row.revision)

    def after(self, done: Version) -> str:
        return version_url(done)


class EditRule(_OnVersion[RuleToEdit]):
    """Edit a draft; an editor cannot approve it."""

    name, input = "edit_rule", RuleToEdit
    operation = Operation(_VERSION_PATH, "write:rules", method="PATCH", page="version-edit")

    def initial(self, row: Version) -> Mapping[str, Any]:
        return {"text": row.text, "changed": row.changed}

    def perform(self, row: Version, given: RuleToEdit, *, actor: Actor, now: int) -> Version:
        from civicmail.desk.oversight.actions import rules

        return rules.edit(row, given.text, given.changed, reason=given.reason, actor=actor, now=now)

    def message(self, row: Version, done: Version) -> str:
        return _saved(done)


class TestRule(_OnVersion[RevisionSeen]):
    """Test its examples, and the whole rule set with it."""

    name, input = "test_rule", RevisionSeen
    page = Page(f"{_VERSION_ROUTE}test/", "version-test")
    operation = Operation(f"{_VERSION_PATH}/test", "write:rules")

    def perform(self, row: Version, given: RevisionSeen, *, actor: Actor, now: int) -> Version:
        from civicmail.desk.oversight.actions import rules

        return rules.test(row, actor=actor, now=now)

    def message(self, row: Version, done: Version) -> str:
        count = rule_text.rule_facts(done.text).examples
        return f"{count} of {count} examples came out, and the whole book can be read with it."

    def button_page(self, row: Version) -> str:
        return version_url(row)


class ProposeRule(_OnVersion[Proposal]):
    """Request approval by a second person."""

    name, input = "propose_rule", Proposal
    page = Page(f"{_VERSION_ROUTE}propose/", "version-propose")
    operation = Operation(f"{_VERSION_PATH}/propose", "write:rules")
    success_message = _WAITS

    def perform(self, row: Version, given: Proposal, *, actor: Actor, now: int) -> Version:
        from civicmail.city.pages.forms import start_of_day
        from civicmail.desk.oversight.actions import rules

        starts = from_ms(start_of_day(given.starts)) if given.starts else None
        return rules.propose(row, given.reason, starts=starts, actor=actor, now=now)

    def form_page(self, row: Version) -> FormPage:
        return FormPage(
            title=f"Propose version {row.number} of {row.rule}{in_mode(row)}?", section=row.rule,
            submit=f"Propose version {row.number}", back=version_url(row), crumbs=_crumbs(row),
            stays=["The version that acts goes on until then."],
            effects=[f"A second person is asked for {row}; nobody who has written in it may approve it.", *_notice(row)],
        )  # fmt: skip


class WithdrawRule(_OnVersion[RevisionBecause]):
    """Withdraw a version before it is in force."""

    name, input = "withdraw_rule", RevisionBecause
    page = Page(f"{_VERSION_ROUTE}withdraw/", "version-withdraw")
    operation = Operation(f"{_VERSION_PATH}/withdraw", "write:rules")
    success_message = "The version is withdrawn."

    def perform(self, row: Version, given: RevisionBecause, *, actor: Actor, now: int) -> Version:
        from civicmail.desk.oversight.actions import rules

        return rules.withdraw(row, given.reason, actor=actor, now=now)

    def form_page(self, row: Version) -> FormPage:
        return FormPage(
            title=f"Withdraw version {row.number} of {row.rule}{in_mode(row)}?", section=row.rule,
            submit=f"Withdraw version {row.number}", back=version_url(row), crumbs=_crumbs(row),
            effects=[f"{row} never acts. Its text is kept."],
        )  # fmt: skip


class TakeRuleOut(_OnVersion[RevisionBecause]):
    """Propose to retire a rule; revision: of the version in force."""

    name, input = "take_rule_out", RevisionBecause
    page = Page(f"{_ROUTE}take-out/", "rule-take-out")
    operation = Operation(f"{_PATH}/take-out", "write:rules", status=201)
    success_message = _WAITS

    def load(self, rule: str, *, actor: Actor, now: int) -> Version:  # type: ignore[override]  # its URL has one key
        from django.http import Http404

        from civicmail.desk.oversight.queries.rules import current_version, versions

        rows = versions(rule)
        if not rows:
            raise Http404
        return current_version(rows)

    def perform(self, row: Version, given: RevisionBecause, *, actor: Actor, now: int) -> Version:
        from civicmail.desk.oversight.actions import rules

        return rules.take_out(row, given.reason, actor=actor, now=now)

    def form_page(self, row: Version) -> FormPage:
        crumbs = _crumbs(row)
        return FormPage(
            title=f"Retire {row.rule}{in_mode(row)}?", section=row.rule, submit="Propose to retire 1 rule", back=crumbs[-1][1],
            crumbs=crumbs, stop=True, stays=["Its versions, and what it has done, are kept."],
            effects=["A second person is asked. When they approve, the rule does nothing any more, to any mail."],
        )  # fmt: skip


class DecideRule(_OnVersion[RuleDecision]):
    """Approve or deny a version, as a person who did not edit it."""

    name, permission, input = "decide_rule", "rule.decide", RuleDecision
    operation = Operation(f"{_VERSION_PATH}/decide", "write:rules", page="version-decide")

    def resource(self, row: Version, actor: Actor) -> Resource:
        from civicmail.desk.oversight.actions import rule_decisions

        return rule_decisions.resource(row)

    def perform(self, row: Version, given: RuleDecision, *, actor: Actor, now: int) -> Version:
        from civicmail.desk.oversight.actions import rule_decisions

        return rule_decisions.decide(row, given.decision == "approve", actor=actor, reason=given.reason, now=now)

    def message(self, row: Version, done: Version) -> str:
        return f"{done}: {states.WORDS[done.state][1].lower()}."


def in_mode(row: Version) -> str:
    """The end of a title or question about a version: its mode, which makes the difference; "" for the failure policy."""
    return f", mode {row.mode}" if row.mode else ""


def _saved(done: Version) -> str:
    named = f"Version {done.number} of {done.rule}"
    return f"{named} waits for a second person." if done.state == "proposed" else f"{named} is a draft."


def version_url(row: Version) -> str:
    """The page of a version."""
    from django.urls import reverse

    return reverse("rule-version", args=[row.rule, row.number])


def _crumbs(row: Version) -> list[tuple[str, str]]:
    from civicmail.desk.oversight.views.rule_pages import crumbs

    return crumbs(row.rule)


def _notice(row: Version) -> list[str]:
    """What a proposal has to know of telling employees first."""
    from civicmail.core.config.clock import now_ms
    from civicmail.desk.oversight.queries.rules import earliest

    first = earliest(row, now_ms()) if row.state in states.OPEN else 0
    if first is None:
        return ["It could hold or refuse mail of employees, so it cannot be enforced before it has told them for ten working days."]
    return ["It has to tell employees first; the form says from which day it may act."] if first else []


DRAFT_RULE, EDIT_RULE, TEST_RULE, PROPOSE_RULE = DraftRule(), EditRule(), TestRule(), ProposeRule()
WITHDRAW_RULE, TAKE_RULE_OUT, DECIDE_RULE = WithdrawRule(), TakeRuleOut(), DecideRule()
ACTS: tuple[Act[Any, Any, Any], ...] = (TEST_RULE, PROPOSE_RULE, WITHDRAW_RULE, TAKE_RULE_OUT)
