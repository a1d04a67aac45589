"""Write rules: draft, edit, test, propose, withdraw, retire (P-29).

Stored text is always valid; text that is no rule stays in the form.
"""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.timezone import localtime

from civicmail.city.guard import guard
from civicmail.city.guard.actions.acting import acting_person, locked_row
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms, format_day, from_ms
from civicmail.city.guard.errors import Conflict, Unusable, field_error
from civicmail.city.guard.reasons import checked_reason as require_reason
from civicmail.desk.oversight import rule_text, states
from civicmail.desk.oversight.actions.publish_rules import active_texts, adopt, copy_facts, enter, step_version
from civicmail.desk.oversight.models import Version
from civicmail.desk.oversight.queries.rules import earliest


def draft(text: str, changed: str, *, after: int, reason: str = "", actor: Actor, now: int) -> Version:
    """Create a new version of the rule in the text, or a new rule. after: the newest version that the author saw, 0 for a new
    rule; reason: why it should act, which tests and proposes it at once. Raises NotPermitted, Unusable, Conflict."""
    guard.require(actor, "rule.write", now=now)
    parsed = rule_text.rule_facts(text)
    changed = _changed(changed, after)
    adopt(now)
    with transaction.atomic():
        newest = Version.objects.select_for_update().filter(rule=parsed.id).order_by("-number").first()
        if (newest.number if newest is not None else 0) != after:
            why = f"There is a rule {parsed.id} already." if not after else f"Somebody has written a newer version of {parsed.id}."
            raise Conflict(f"{why} Look at it first.")
        at = from_ms(now)
        row = Version(rule=parsed.id, number=after + 1, author=acting_person(actor), authors=[actor.uid], made=at, since=at)
        _write(row, text, changed)
        _insert(row)
        enter("rule.draft", row, actor, changed, now)
        return _proposed(row, reason, actor, now)


def edit(version: Version, text: str, changed: str, *, reason: str = "", actor: Actor, now: int) -> Version:
    """Change the text of a draft. version: as the author saw it; reason: as of draft().
    An editor becomes an author and cannot approve it. Raises
    NotPermitted, Unusable, Conflict."""
    guard.require(actor, "rule.write", now=now)
    changed = _changed(changed, version.number - 1)
    if rule_text.rule_facts(text).id != version.rule:
        raise Unusable("The name of a rule stays.", {"text": f"This is a version of {version.rule}: its id stays as it is."})
    with locked_row(version, "state", "revision") as row:
        row.state, row.since, row.revision = states.step(row.state, "edit"), from_ms(now), row.revision + 1
        row.authors = list(dict.fromkeys([*row.authors, acting_person(actor).uid]))
        _write(row, text, changed)
        row.save()
        enter("rule.edit", row, actor, changed, now)
        return _proposed(row, reason, actor, now)


def test(version: Version, *, actor: Actor, now: int) -> Version:
    """Run its examples, and parse the whole rule set with it. Raises Unusable with the failures, Conflict."""
    guard.require(actor, "rule.write", now=now)
    with locked_row(version, "state", "revision") as row:
        states.step(row.state, "test")
        _require_live(row, now)
        rule_text.join_texts(active_texts() | {row.rule: row.text})
        step_version(row, "test", now)
        enter("rule.test", row, actor, "its examples came out", now, examples=rule_text.rule_facts(row.text).examples)
    return row


def propose(version: Version, reason: str, *, starts: datetime | None = None, actor: Actor, now: int) -> Version:
    """Propose it to a second person. starts: not before. A rule that could hold or refuse mail of employees must have run ten
    working days in `notify` with the same condition. Raises NotPermitted, Unusable, Conflict."""
    guard.require(actor, "rule.write", now=now)
    reason = require_reason(reason, min_length=10)
    with locked_row(version, "state", "revision") as row:
        _require_notice(row, starts, now)
        step_version(row, "propose", now)
        row.proposed, row.reason, row.starts = from_ms(now), reason, starts
        row.save()
        enter("rule.propose", row, actor, reason, now, starts=epoch_ms(starts) if starts else 0)
    return row


def take_out(active: Version, reason: str, *, actor: Actor, now: int) -> Version:
    """Propose to retire a rule, as a version of its own. Raises NotPermitted, Unusable, Conflict."""
    guard.require(actor, "rule.write", now=now)
    reason = require_reason(reason, min_length=10)
    with locked_row(active, "state") as row:
        if row.state != "active" or row.rule == rule_text.MATRIX:
            raise Conflict("This rule does not act now. Reload the page.")
        at = from_ms(now)
        number = Version.objects.filter(rule=row.rule).order_by("-number").values_list("number", flat=True)[0] + 1
        made = Version(
            rule=row.rule, number=number, text=row.text, author=acting_person(actor), authors=[actor.uid], made=at, since=at,
            state="proposed", proposed=at, reason=reason, changed="The rule is taken out.", ends=True,
            clause=row.clause, owner=row.owner, severity=row.severity, mode=row.mode, do=row.do, expires=row.expires,
        )  # fmt: skip
        _insert(made)
        enter("rule.propose", made, actor, reason, now, ends=1)
    return made


def withdraw(version: Version, reason: str, *, actor: Actor, now: int) -> Version:
    """Withdraw it before it acts. Raises NotPermitted, Unusable, Conflict."""
    guard.require(actor, "rule.write", now=now)
    reason = require_reason(reason, min_length=10)
    with locked_row(version, "state", "revision") as row:
        step_version(row, "withdraw", now, reason)
        enter("rule.withdraw", row, actor, reason, now)
    return row


def _proposed(row: Version, reason: str, actor: Actor, now: int) -> Version:
    """The draft, tested and proposed if there is a reason."""
    return propose(test(row, actor=actor, now=now), reason, actor=actor, now=now) if reason else row


def _changed(words: str, before: int) -> str:
    plain = " ".join(words.split())
    if before and len(plain) < 3:
        raise Unusable("Describe the change in words.", {"changed": "Say in words what is new, at least 3 characters."})
    if len(plain) > 400:
        raise Unusable("The words are too long.", {"changed": "At most 400 characters."})
    return plain or "A new rule."


def _write(row: Version, text: str, changed: str) -> None:
    if (rule := rule_text.rule_facts(text).rule) is not None:
        rule_text.require_filled(rule)
    row.text, row.changed = rule_text.plain(text), changed
    copy_facts(row)


def _require_live(row: Version, now: int) -> None:
    """Refuse a rule that has expired already."""
    if row.expires is not None and row.expires < from_ms(now).date():
        raise field_error("text", f"It expires on {format_day(row.expires)}, which is over.")


def _insert(row: Version) -> None:
    """Insert a version. If two are begun at once, the second gets Conflict."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise Conflict(f"A version of {row.rule} is on its way already; look at that one first.") from None


def _require_notice(row: Version, starts: datetime | None, now: int) -> None:
    first = earliest(row, now)
    if first is None:
        message = "It could hold or refuse mail of employees, so it tells them for ten working days first: use the mode notify."
        raise Unusable(message, {"starts": message})
    if max(epoch_ms(starts) if starts else 0, now) < first:
        day = format_day(localtime(from_ms(first)))
        raise field_error("starts", f"It tells employees for ten working days first, so it starts on {day} at the earliest.")
