"""`civicmail policy explain`: why a message was treated as it was, and what today's rules would do (promise 7).

For operators: facts that rules saw, never content. Senders, links and topics stay with examiners and use reviewers (P-17;
docs/decisions/0029).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from civicmail.city.policy import active_rules
from civicmail.city.policy.dispositions import Disposition, Facts, disclosable_rules, plain_facts
from civicmail.city.policy.engine import decide
from civicmail.city.policy.facts import FACTS
from civicmail.city.policy.rules import Decision, RuleSet
from civicmail.core.config.clock import now_ms
from civicmail.front.cli import actors, options, output
from civicmail.mail.archive.reading import Archive

if TYPE_CHECKING:
    from civicmail.desk.oversight.recorded_facts import RecordedFacts

_HIDDEN = ("from.", "use.", "message.subject", "links.hosts", "links.places", "files.sha256")


def explain(
    id_: Annotated[str, typer.Argument(metavar="ID", help="A capture id, or at least 12 digits of it or of the SHA-256.")],
    credentials: options.Credentials,
    json: options.Json = False,
) -> None:
    """Explain why a message was treated as it was, and what today's rules would do."""
    from civicmail.desk.oversight.recorded_facts import Heads  # with the search behind it, which other verbs do not need

    folder = credentials.folder()
    actors.person(folder, "policy explain", {"id": id_}, credentials, now=now_ms())
    places = Archive(folder).find(id_)
    if not places:
        output.words(f"civicmail: nothing is kept under {id_}.")
        raise typer.Exit(1)
    heads, book = Heads(folder), active_rules.active(folder)
    for place in places:
        head = heads.facts_of(place.id)
        if json:
            output.emit(explanation(head, book))
        else:
            _show(head, explanation(head, book), book)


def explanation(head: RecordedFacts, book: RuleSet) -> dict[str, Any]:
    """As JSON. today: the decision of the rules in force, empty if no facts were recorded."""
    known = bool(head.facts)
    today = decide(book, head.facts, [copy.facts for copy in head.copies], head.received) if known else (None,) * len(head.copies)
    copies = [_copy(copy, decision) for copy, decision in zip(head.copies, today, strict=True)]
    plain = {"id": head.id, "received": head.received, "source": head.source, "facts": plain_facts(visible_facts(head.facts))}
    return plain | {"copies": copies}


def visible_facts(facts: Facts) -> Facts:
    """The facts that an operator may see, in the order in which they are explained."""
    return {name: facts[name] for name in FACTS if name in facts and not name.startswith(_HIDDEN)}


def _copy(copy: Disposition, today: Decision | None) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "to": copy.to,
        "do": copy.do,
        "rules": list(disclosable_rules(copy.rules)),
        "facts": plain_facts(copy.facts),
    }
    return plain | {"today": {"do": today.do, "rules": list(disclosable_rules(today.rules))} if today is not None else {}}


def _show(head: RecordedFacts, plain: dict[str, Any], book: RuleSet) -> None:
    output.show(f"{head.id} of {output.when(head.received)}, by {head.source}")
    for name, value in plain["facts"].items():
        output.show(f"  {name:<22} {', '.join(value) if isinstance(value, list) else value}")
    if not plain["facts"]:
        output.show("  Nothing was recorded that rules could be asked about.")
    for copy in plain["copies"]:
        output.show(f"Recipient {copy['to']}: {copy['do']}")
        for name in copy["rules"]:
            _why(name, book)
        if (today := copy["today"]) and (today["do"], today["rules"]) != (copy["do"], _of_book(copy["rules"], book)):
            output.show(f"  The book in force would do {today['do']}{_by(today['rules'])}.")


def _of_book(names: list[str], book: RuleSet) -> list[str]:
    """Only names of rules."""
    return [name for name in names if ":" in name or book.rule(name) is not None]


def _why(name: str, book: RuleSet) -> None:
    rule = book.rule(name.rpartition(":")[2])
    if rule is None:
        output.show(f"  {name}")
        return
    output.show(f"  {name} ({rule.clause}): {rule.why}")
    if rule.reader and rule.mode == "enforce":
        output.show(f"    The reader is told: {rule.reader}")
    if rule.ask:
        output.show(f"    Ask: {rule.ask}")


def _by(rules: list[str]) -> str:
    return f" ({', '.join(rules)})" if rules else ""
