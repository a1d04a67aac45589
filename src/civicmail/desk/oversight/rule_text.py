"""Rules as text, one at a time: the stored form of each version, and the one file made from all. Without Django.

The failure policy is stored like a rule, under a reserved name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import pairwise

from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import field_error
from civicmail.city.policy import active_rules, rule_parser
from civicmail.city.policy.cel.condition import read as read_condition
from civicmail.city.policy.cel.tree import Chain, Compare, Name, Node, Value, Values, to_source
from civicmail.city.policy.errors import UnusableBook
from civicmail.city.policy.failure_policy import FailurePolicy
from civicmail.city.policy.rules import Rule, RuleSet

MATRIX = "fail-matrix"
PLACEHOLDERS = {
    "id": "what-it-is-called", "owner": "who answers for it", "why": "why there is this rule", "mark": "short-name",
    "reader": "What whoever gets the mail is told.",
}  # fmt: skip
"""What the text of a new rule begins with; none of it can be saved."""
SKELETON = f"""[[rule]]
id = "{PLACEHOLDERS["id"]}"
clause = "P-25"
owner = "{PLACEHOLDERS["owner"]}"
why = "{PLACEHOLDERS["why"]}"
expires = 2027-12-31
severity = "medium"
mode = "shadow"
do = "mark"
mark = "{PLACEHOLDERS["mark"]}"
when = 'inbound && files.macros'
reader = "{PLACEHOLDERS["reader"]}"

[[rule.example]]
facts = {{ inbound = true, "files.macros" = true }}
fits = true

[[rule.example]]
facts = {{ inbound = true }}
fits = false
"""
MAX_TEXT = 40_000
"""Characters of a version."""
HOLDING = frozenset({"encrypt", "hold", "quarantine", "refuse"})
"""Dispositions that change whether or how a copy reaches its reader; people are notified before they start."""
_HEAD = re.compile(r"^\s*\[\[\s*rule\s*\]\]\s*(?:#.*)?$", re.MULTILINE)
_HERE = "this text"


def plain(text: str) -> str:
    """The stored form of a text: a browser sends line ends as CR and LF."""
    return text.replace("\r\n", "\n").strip() + "\n"


def parse_rules(text: str, name: str = _HERE) -> RuleSet:
    """A text as a book of its own. Raises Unusable, with file, line and the nearest fact at the field "text"."""
    if len(text) > MAX_TEXT:
        raise field_error("text", f"A version has at most {MAX_TEXT:,} characters.")
    try:
        return _book(plain(text), name)
    except UnusableBook as error:
        raise field_error("text", str(error)) from None


@lru_cache(maxsize=256)
def _book(text: str, name: str) -> RuleSet:
    return rule_parser.parse_rule_set([(name, text)])


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """Facts about a version, for lists. rule: None for the failure policy."""

    id: str
    clause: str
    owner: str = ""
    severity: str = ""
    mode: str = ""
    do: str = ""
    expires: date | None = None
    rule: Rule | None = None

    @property
    def examples(self) -> int:
        return len(self.rule.examples) if self.rule is not None else 0


def rule_facts(text: str) -> RuleFacts:
    """The facts of a version: one rule with its examples, or the failure policy. Raises Unusable."""
    parsed = parse_rules(text)
    if parsed.rules and not parsed.matrix.rows:
        rule = read(text)
        return RuleFacts(rule.id, rule.clause, rule.owner, rule.severity, rule.mode, rule.do, last_day(rule), rule)
    matrix(text)
    return RuleFacts(MATRIX, "P-29")


def read(text: str) -> Rule:
    """The one rule of a text, its examples checked. Raises Unusable."""
    parsed = parse_rules(text)
    if len(parsed.rules) != 1 or parsed.matrix.rows or parsed.title:
        raise field_error("text", "A version has one [[rule]] with its examples, and nothing else.")
    if parsed.rules[0].id in (MATRIX, "new") or parsed.rules[0].id.startswith("emergency-"):
        raise field_error("text", f"A rule may not be called {parsed.rules[0].id}.")
    return parsed.rules[0]


def require_filled(rule: Rule) -> None:
    """Refuse a rule in which a placeholder still stands. Raises Unusable."""
    for key, placeholder in PLACEHOLDERS.items():
        if getattr(rule, key) == placeholder:
            raise field_error("text", f"Replace the placeholder “{placeholder}” of `{key}` first.")


def matrix(text: str) -> FailurePolicy:
    """The fail matrix of a text. Raises Unusable."""
    parsed = parse_rules(text)
    if parsed.rules or not parsed.matrix.rows:
        raise field_error("text", "This text has a [matrix] with a row for each part, and nothing else.")
    return parsed.matrix


def join_texts(texts: Mapping[str, str], more: Iterable[str] = ()) -> str:
    """The book of these texts, by id, as one file, with more rules behind. Raises Unusable where they do not go together."""
    ordered = [texts[id_] for id_ in sorted(texts, key=lambda id_: (id_ != MATRIX, id_))]
    text = "\n".join(plain(part) for part in (*ordered, *more))
    try:
        _book(text, "the book")
    except UnusableBook as error:
        raise field_error("text", str(error)) from None
    return text


def starter() -> dict[str, str]:
    """The texts of the starter pack by id, the fail matrix among them."""
    texts: dict[str, str] = {}
    for path in sorted(active_rules.STARTER_FOLDER.glob("*.toml")):
        text = path.read_text(encoding="utf-8")
        starts = [m.start() for m in _HEAD.finditer(text)]
        for start, end in pairwise([*starts, len(text)]):
            part = plain(text[start:end])
            texts[rule_facts(part).id] = part
        if not starts:
            texts[MATRIX] = plain(text)
    return texts


def holds_employees(rule: Rule) -> bool:
    """Whether it could hold or reject mail of employees: its effect is one of these, and its condition does not begin by requiring
    mail from outside."""
    return rule.do in HOLDING and not any(isinstance(part, Name) and part.name == "inbound" for part in _all_of(rule.when))


def departments(rule: Rule) -> frozenset[str] | None:
    """The departments whose employees' mail it holds, if its condition names them; None for everyone's."""
    for part in _all_of(rule.when):
        if isinstance(part, Compare) and part.left == Name("sender.department", part.left.at):
            named = part.right.items if isinstance(part.right, Values) and part.sign == "in" else (part.right,)
            if part.sign in ("==", "in") and all(isinstance(value, Value) for value in named):
                return frozenset(str(value.value) for value in named if isinstance(value, Value))
    return None


def same_effect(one: str, other: str) -> bool:
    """Whether two versions have the same effect on the same mail."""
    a, b = read(one), read(other)
    return _effect(a) == _effect(b)


def _effect(rule: Rule) -> tuple[str, ...]:
    """Its condition, however it is spelled, and what it does."""
    conditions = (to_source(read_condition(text)) if text else "" for text in (rule.when, rule.unless))
    return (*conditions, rule.do, rule.mark, rule.review)


def last_day(rule: Rule) -> date:
    """The last day on which it acts, in UTC."""
    return from_ms(rule.ends - 1).date()


def _all_of(when: str) -> tuple[Node, ...]:
    """The conjuncts of a condition."""
    node = read_condition(when)
    return node.items if isinstance(node, Chain) and node.sign == "&&" else (node,)
