"""Books of rules for tests, and facts by chance."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from civicmail.city.policy import active_rules, rule_parser
from civicmail.city.policy.facts import FACTS
from civicmail.city.policy.failure_policy import PARTS
from civicmail.city.policy.rules import RuleSet

NOW = 1_780_000_000_000  # in May 2026

WORDS = {"sender": "No.", "reader": "Kept.", "ask": "the desk", "mark": "seen"}


def text_of(
    id_: str = "a-rule", when: str = "inbound", fits: str = "inbound = true", spares: str = "inbound = false", **more: Any
) -> str:
    """One rule as TOML. more: fields of it; expires as TOML has it."""
    expires = more.pop("expires", "2027-12-31")
    said = {"clause": "P-02", "owner": "Desk", "why": "A test.", "severity": "low", "mode": "enforce", "do": "refuse"} | more
    for key in {
        "refuse": ("sender", "ask"),
        "quarantine": ("reader", "ask"),
        "hold": ("reader", "ask"),
        "mark": ("reader", "mark"),
    }.get(said["do"], ("ask",) if said["do"] == "encrypt" else ()):
        said.setdefault(key, WORDS[key])
    lines = ["[[rule]]", f'id = "{id_}"', *(f'{key} = "{value}"' for key, value in said.items())]
    lines += [f"expires = {expires}", f"when = '''{when}'''"]
    for facts, answer in ((fits, "true"), (spares, "false")):
        lines += ["[[rule.example]]", f"facts = {{ {facts} }}", f"fits = {answer}"]
    return "\n".join(lines) + "\n"


def book(*texts: str) -> RuleSet:
    return rule_parser.parse_rule_set([(f"{number}.toml", text) for number, text in enumerate(texts)])


def _values(name: str) -> st.SearchStrategy[Any]:
    default = FACTS[name].default
    if isinstance(default, bool):
        return st.booleans()
    if isinstance(default, int):
        return st.sampled_from([0, 1, 5, 10, 500, 950, 1000])
    if isinstance(default, tuple):
        return st.lists(st.sampled_from(["exe", "ssn", "campaign", "commercial", "severe", "Eicar"]), max_size=2).map(tuple)
    return st.sampled_from(["", "none", "pass", "fail", "reject", "quarantine", "permerror", "spam", "ham", "unsure", "a.example"])


def _facts(of: str) -> st.SearchStrategy[dict[str, Any]]:
    names = [name for name, fact in FACTS.items() if fact.of == of and name != "unavailable"]
    return st.lists(st.sampled_from(names), max_size=10, unique=True).flatmap(
        lambda chosen: st.fixed_dictionaries({name: _values(name) for name in chosen})
    )


messages = st.tuples(_facts("message"), st.lists(st.sampled_from(PARTS), max_size=3, unique=True)).map(
    lambda x: x[0] | ({"unavailable": tuple(x[1])} if x[1] else {})
)
recipients = st.lists(_facts("recipient"), min_size=1, max_size=3)


def starter() -> RuleSet:
    return active_rules.starter_pack()
