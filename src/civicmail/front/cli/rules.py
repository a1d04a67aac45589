"""`civicmail policy rules|test|diff|drill`: mail rules in force, tests, differences, failure drills (P-29)."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer

from civicmail.city.policy import active_rules, rule_diff, rule_parser
from civicmail.city.policy import drill as drills
from civicmail.city.policy.errors import UnusableBook
from civicmail.city.policy.example_coverage import uncovered_parts
from civicmail.city.policy.failure_policy import PART_LABELS, PARTS
from civicmail.city.policy.rules import Rule, RuleSet
from civicmail.core.config.clock import now_ms
from civicmail.core.config.errors import UsageError
from civicmail.front.cli import options, output

SOON = 30 * 86_400_000
"""ms before its end from which a rule is reported."""
Files = Annotated[list[Path] | None, typer.Argument(metavar="FILE…", help="Files of rules; none: the book in force.")]


def rules(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="One rule, whole.")] = "",
    data: options.Data = None,
    json: options.Json = False,
) -> None:
    """The rules in force, the strictest first."""
    book = active_rules.active(options.data_folder(data))
    if rule and book.rule(rule) is None:
        raise UsageError(f"There is no rule {rule}{_nearest(rule, [r.id for r in book.rules])}.")
    for rule_ in book.rules:
        if rule and rule_.id != rule:
            continue
        if json:
            output.emit(plain(rule_) | {"acts": rule_.is_active(now_ms())})
        elif rule:
            _details(rule_)
        else:
            ends = f"until {rule_.expires}" if rule_.is_active(now_ms()) else f"ended {rule_.expires}"
            output.show(f"{rule_.id:<20} {rule_.mode:<8} {rule_.do:<10} {rule_.clause}  {rule_.severity:<6} {ends}")
    if not json and not rule:
        output.words(f"{len(book.rules)} rules, book {book.version}, {'in force' if not book.title else book.title.lower()}.")


def test(files: Files = None, data: options.Data = None, json: options.Json = False) -> None:
    """Whether rules can be used: their conditions, their examples, and whether those would miss each part of a condition."""
    try:
        book = _book(files, data)
    except UnusableBook as error:
        output.emit({"problem": str(error)}) if json else output.words(f"civicmail: {error}")
        raise typer.Exit(1) from None
    loose = [(rule, part) for rule in book.rules for part in uncovered_parts(rule)]
    for rule, part in loose:
        warning = f"no example of {rule.id} needs `{part}`"
        output.emit({"rule": rule.id, "warning": warning}) if json else output.words(f"{rule.file}, line {rule.line}: {warning}.")
    ending = [rule for rule in book.rules if not rule.is_active(now_ms() + SOON)]
    for rule in ending:
        warning = f"{rule.id} {'ends soon' if rule.is_active(now_ms()) else 'has ended'} ({rule.expires})"
        output.emit({"rule": rule.id, "warning": warning}) if json else output.words(f"{rule.file}, line {rule.line}: {warning}.")
    count = sum(len(rule.examples) for rule in book.rules)
    if json:
        output.emit({"rules": len(book.rules), "examples": count, "version": book.version})
    else:
        output.show(f"{len(book.rules)} rules are good, and {count} examples come out as they should.")


def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="A file of rules.")],
    new: Annotated[Path | None, typer.Argument(metavar="NEW", help="Another; none: the book in force.")] = None,
    data: options.Data = None,
    json: options.Json = False,
) -> None:
    """Compare two rule sets: rules, fields, failure policy. Exit 1 if they differ."""
    changes = rule_diff.changes(_book([old], data), _book([new] if new else None, data))
    for change in changes:
        if json:
            output.emit({"what": change.what, "name": change.name, "field": change.field, "old": change.old, "new": change.new})
            continue
        output.show(f"{change.what} {change.name}{f', {change.field}' if change.field else ''}")
        for sign, text in (("-", change.old), ("+", change.new)):
            if text:
                output.show(f"  {sign} {text}")
    if changes:
        raise typer.Exit(1)
    if not json:
        output.words("Nothing differs.")


def drill(
    part: Annotated[
        str, typer.Argument(metavar="PART", help="What fails: clamav (scanner-down), dmarc (dns-down), spam, files, policy …")
    ],
    data: options.Data = None,
    json: options.Json = False,
) -> None:
    """Show what would happen to plain mail if a part failed now, by the rules in force. Stops nothing."""
    part = _SPOKEN.get(part.removesuffix("-down"), part.removesuffix("-down"))
    if part not in PARTS:
        raise UsageError(f"There is no part {part}{_nearest(part, PARTS)}. There are {', '.join(PARTS)}.")
    if not json:
        output.show(f"Without {part} ({PART_LABELS[part]}):")
    for step in drills.drill(active_rules.active(options.data_folder(data)), part, now_ms()):
        decision = step.decision
        if json:
            plain = {"part": part, "direction": step.direction, "cell": step.cell, "wanted": step.is_needed, "do": decision.do}
            output.emit(plain | {"reply": decision.reply, "again": decision.again, "rules": list(step.rules)})
        elif not step.is_needed:
            output.show(f"  {step.direction:<9} nothing changes: no rule that is enforced needs it")
        else:
            again = ", and checked again" if decision.again and step.cell != "later" else ""
            output.show(f"  {step.direction:<9} {step.cell}: {_IN_WORDS[step.cell]}{again}")
            output.show(f"            {'for ' + ', '.join(step.rules) if step.rules else 'whatever rules say'}")


_SPOKEN = {"scanner": "clamav", "dns": "dmarc", "rules": "policy", "book": "policy"}
"""Parts by their common names."""
_IN_WORDS = {
    "later": "the client hears 451 and keeps it, nothing is kept here",
    "hold": "kept until a person looks",
    "pending": "kept back for ten minutes at most, then held for a person",
    "deliver-again": "delivered with a mark that says so",
}


def plain(rule: Rule) -> dict[str, object]:
    """A rule as JSON."""
    examples = [{"facts": dict(example.facts), "fits": example.fits} for example in rule.examples]
    return {"id": rule.id, **{field: getattr(rule, field) for field in rule_diff.FIELDS}, "examples": examples}


def _details(rule: Rule) -> None:
    output.show(rule.id)
    for field in rule_diff.FIELDS:
        if text := getattr(rule, field):
            output.show(f"  {field:<9} {text}")
    for example in rule.examples:
        facts = ", ".join(f"{name} = {value!r}" for name, value in example.facts.items())
        output.show(f"  example   {'fits' if example.fits else 'does not fit'}: {facts}")


def _book(files: Sequence[Path] | None, data: Path | None) -> RuleSet:
    if not files:
        return active_rules.active(options.data_folder(data))
    return rule_parser.parse_rule_set([(path.name, options.text_of(path)) for path in files])


def _nearest(name: str, known: Sequence[str]) -> str:
    close = get_close_matches(name, known, 1)
    return f"; the nearest is {close[0]}" if close else ""
