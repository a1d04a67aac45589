"""Small books of rules, people and envelopes for tests of deciding."""

from __future__ import annotations

from typing import Any

from civicmail.city.policy.cel.condition import condition
from civicmail.city.policy.facts import FACTS
from civicmail.city.policy.failure_policy import FailurePolicy, Row
from civicmail.city.policy.rules import Rule, RuleSet
from civicmail.city.snapshot.snapshot import Grant, Mailbox, Person, Snapshot, build
from civicmail.core.message.model import Envelope, Recipient

NOW = 1_772_452_800_000
FOR_EVER = NOW * 2


def rule(id_: str, when: str, do: str, **more: Any) -> Rule:
    made = condition(when)
    words = {"sender": f"No, says {id_}." if do == "refuse" else "", "reader": f"Look, says {id_}."}
    return Rule(
        id=id_,
        clause="P-25",
        owner="o",
        why="w",
        severity="high",
        do=do,  # type: ignore[arg-type]
        when=when,
        unless="",
        condition=made,
        ends=FOR_EVER,
        expires="",
        each_copy=any(FACTS[name].of == "recipient" for name in made.names),
        **{"mode": "enforce", **words, **more},
    )


def book(*rules: Rule, matrix: dict[str, Row] | None = None, trouble: str = "") -> RuleSet:
    return RuleSet(tuple(sorted(rules, key=lambda r: r.weight)), FailurePolicy(matrix or {}), "v1", error=trouble)


def envelope(*to: str, sender: str = "ann@out.example", login: str = "", received: int = NOW) -> Envelope:
    return Envelope(sender, tuple(Recipient(a) for a in to or ("bob@city.example",)), received, "192.0.2.1", "x", login=login)


def people(**states: str) -> Snapshot:
    """bob and eve with mailboxes in the states that are named, "open" for the others."""
    boxes = [
        Mailbox(
            f"{name}@city.example",
            "personal",
            name.title(),
            "parks",
            states.get(name, "open"),  # type: ignore[arg-type]
            holder=name,
            addresses=(f"{name}@city.example",),
        )
        for name in ("bob", "eve")
    ]
    persons = [
        Person(name, name, name.title(), "employee", 1, grants=(Grant(f"{name}@city.example", "holder", FOR_EVER),))
        for name in ("bob", "eve")
    ]
    return build(1, NOW, ("city.example",), persons, boxes, {"all@city.example": ("bob@city.example", "eve@city.example")})


def modes(address: str) -> Any:
    """city.example is live, old.example is elsewhere, seen.example observes, all else is outside."""
    domain = address.rpartition("@")[2]
    return {"city.example": "live", "old.example": "elsewhere", "seen.example": "observe"}.get(domain)
