"""A rule as a form: its fields and rows as text, and its text as fields and rows. Without Django.

Form and text are the same rule. What rows cannot say stays text, and `from_text` says why.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from civicmail.city.guard.errors import Unusable
from civicmail.city.policy.condition_rows import Joined, Row, example_facts, to_condition, to_rows
from civicmail.city.policy.dispositions import FactValue
from civicmail.city.policy.engine import fits
from civicmail.city.policy.rules import Example
from civicmail.desk.oversight import rule_text

KEYS = ("id", "clause", "owner", "why", "expires", "severity", "mode", "do", "mark", "sender", "reader", "ask", "review")
"""Fields of the form, in the order in which the text has them."""
_OPTIONAL = frozenset({"mark", "sender", "reader", "ask", "review"})


@dataclass(frozen=True, slots=True)
class FormRule:
    """fields: by KEYS, as text; joined: how the rows of `when` are; unless: rows of which any spares the message; examples: of the
    text that the form was made from."""

    fields: Mapping[str, str]
    when: Sequence[Row]
    joined: Joined = "all"
    unless: Sequence[Row] = ()
    examples: Sequence[Example] = field(default=())

    def text(self) -> str:
        """The rule as TOML, with an example that it fits, one that it does not, and those of before that still come out. Only
        with rows that have no problem."""
        made = [Example(facts, is_fit) for facts, is_fit in zip(self._example_facts(), (True, False), strict=True)]
        text = self._written(made)
        try:
            rule = rule_text.read(text)
        except Unusable:
            return text  # the verb says what is wrong with it
        kept = [one for one in self.examples if fits(rule, one.facts) is one.fits]
        return self._written([*kept, *(one for one in made if one.fits not in {old.fits for old in kept})])

    def _example_facts(self) -> tuple[dict[str, FactValue], dict[str, FactValue]]:
        return example_facts(self.when, self.joined, self.unless) if self.when else ({}, {})

    def _written(self, examples: Sequence[Example]) -> str:
        lines = ["[[rule]]"]
        for key in KEYS:
            value = self.fields.get(key, "").strip()
            if value or key not in _OPTIONAL:
                lines.append(f"{key} = {value if key == 'expires' and value else _quoted(value)}")
        lines.append(f"when = {_quoted(to_condition(self.when, self.joined))}")
        if self.unless:
            lines.append(f"unless = {_quoted(to_condition(self.unless, 'any'))}")
        for one in examples:
            facts = ", ".join(f"{_quoted(name)} = {_plain(value)}" for name, value in one.facts.items())
            lines += ["", "[[rule.example]]", f"facts = {{ {facts} }}" if facts else "facts = {}", f"fits = {_plain(one.fits)}"]
        return "\n".join(lines) + "\n"


def from_text(text: str) -> FormRule | str:
    """The form of a rule, or why only its text can say it, in a sentence. Raises Unusable for a text that is no rule."""
    rule = rule_text.read(text)
    if any(line.lstrip().startswith("#") for line in text.splitlines()):
        return "It has remarks, which the form would lose."
    try:
        expires = date.fromisoformat(rule.expires)
    except ValueError:
        return "It ends at a time of day, and the form has days."
    when, unless = to_rows(rule.when, "all", "any"), to_rows(rule.unless, "any")
    if when is None or unless is None:
        return "Its condition has conditions within conditions, or a comparison that the form does not have."
    values = {key: str(getattr(rule, key)) for key in KEYS} | {"expires": expires.isoformat()}
    return FormRule(values, when[1], when[0], unless[1], rule.examples)


def _quoted(text: str) -> str:
    """A text of TOML: its escapes are those of JSON, but for the last control character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _plain(value: FactValue) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_quoted, value))}]"
    return _quoted(value) if isinstance(value, str) else str(value).lower()
