"""Parse rules from TOML (docs/formats.md, "Book of rules"); errors name file, line and column.

A rule set with any error is rejected as a whole: an unknown name, for example, or an example with another result than its owner
expects.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from typing import Any, NoReturn, cast

from civicmail.city.policy import rule_constraints
from civicmail.city.policy.cel.condition import condition, read
from civicmail.city.policy.clauses import CLAUSES
from civicmail.city.policy.dispositions import FactValue
from civicmail.city.policy.engine import fits
from civicmail.city.policy.errors import BadExpression, UnusableBook
from civicmail.city.policy.facts import FACTS
from civicmail.city.policy.failure_policy import DIRECTIONS, PARTS, Cell, FailurePolicy, Row, cell_error
from civicmail.city.policy.rules import MODES, RESERVED_IDS, REVIEWS, RULE_ACTIONS, SEVERITIES, Example, Rule, RuleSet
from civicmail.city.policy.toml_positions import Position, TomlTable, line_and_column, tables

MAX_RULES = 1_000
MAX_CONDITION_CHARACTERS = 400_000
"""Characters of all conditions: a message costs some 20 ms then, and no more."""
MAX_TEXT_LENGTH = 240
"""Characters of words for people: what is refused says them in one line of SMTP, with a number, a clause and an address behind."""
MAX_CONTACT_LENGTH = 80
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
_MAX_ID_LENGTH = 60
_REQUIRED_FIELDS = {"id", "clause", "owner", "why", "expires", "severity", "mode", "when", "do", "example"}
_OPTIONAL_FIELDS = {"unless", "sender", "reader", "ask", "mark", "review"}
_TEXT_ACTIONS = {"sender": ("refuse",), "reader": ("mark", "hold", "quarantine"), "mark": ("mark",), "ask": RULE_ACTIONS[2:]}
"""What has to be said by rules that do such things."""
_TOP_LEVEL_KEYS = {"title", "rule", "matrix"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_rule_set(files: Sequence[tuple[str, str]]) -> RuleSet:
    """The book of these files: (name, text). Raises UnusableBook."""
    sources = [_File(name, text) for name, text in files]
    _require_size(sources)
    rules: dict[str, Rule] = {}
    rows: dict[str, Row] = {}
    for source in sources:
        for rule in source.rules():
            if rule.id in rules:
                before = rules[rule.id]
                source.fail(Position(rule.line), f"a rule is called {rule.id} already ({before.file}, line {before.line})")
            rules[rule.id] = rule
        rows |= source.rows()
    title = next((source.title for source in sources if source.title), "")
    version = hashlib.sha256("\0".join(part for pair in files for part in pair).encode()).hexdigest()[:16]
    return RuleSet(tuple(sorted(rules.values(), key=lambda rule: rule.weight)), FailurePolicy(rows), version, title)


def _require_size(sources: Sequence[_File]) -> None:
    """Check the size before parsing. Raises UnusableBook."""
    plain = [rule for source in sources for rule in source.plain_rules()]
    if len(plain) > MAX_RULES:
        raise UnusableBook(f"A book has at most {MAX_RULES} rules, and this one has {len(plain)}.")
    if sum(len(str(rule.get("when", ""))) + len(str(rule.get("unless", ""))) for rule in plain) > MAX_CONDITION_CHARACTERS:
        raise UnusableBook(f"All conditions of a book together have at most {MAX_CONDITION_CHARACTERS:,} characters.")


class _File:
    """One file of a rule set. All errors are raised by `fail`, so that each names its place."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        try:
            self._plain = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise UnusableBook(f"{name} is no TOML: {error}.") from None
        self._tables = tables(text)
        for key in self._plain.keys() - _TOP_LEVEL_KEYS:
            self.fail(self._tables[0].position(key), _unknown(key, _TOP_LEVEL_KEYS))
        self.title = self._plain.get("title", "")
        if not isinstance(self.title, str):
            self.fail(self._tables[0].position("title"), "title is text")

    def fail(self, place: Position, words: str, text: str = "", offset: int = 0) -> NoReturn:
        line, column = line_and_column(place, text, offset)
        raise UnusableBook(f"{self.name}, line {line}{f', column {column}' if column and text else ''}: {words}.")

    def plain_rules(self) -> list[dict[str, Any]]:
        plain = self._plain.get("rule", [])
        if not isinstance(plain, list) or not all(isinstance(rule, dict) for rule in plain):
            self.fail(self._tables[0].position("rule"), "a rule is a table, [[rule]]")
        return plain

    def rules(self) -> list[Rule]:
        plain = self.plain_rules()
        heads = [i for i, table in enumerate(self._tables) if table.name == "rule"]
        if len(heads) != len(plain):
            self.fail(self._tables[0].position("rule"), "each rule begins with a line [[rule]]")
        ends = [*heads[1:], len(self._tables)][: len(heads)]
        return [
            self._rule(rule, self._tables[start], [t for t in self._tables[start + 1 : end] if t.name == "rule.example"])
            for rule, start, end in zip(plain, heads, ends, strict=True)
        ]

    def _rule(self, plain: Mapping[str, Any], table: TomlTable, shown: list[TomlTable]) -> Rule:
        for key in plain.keys() - _REQUIRED_FIELDS - _OPTIONAL_FIELDS:
            self.fail(table.position(key), _unknown(key, _REQUIRED_FIELDS | _OPTIONAL_FIELDS))
        if missing := sorted(_REQUIRED_FIELDS - plain.keys()):
            self.fail(Position(table.line), f"the rule has no {missing[0]}")
        fields = {key: self._text(plain, key, table) for key in (_REQUIRED_FIELDS | _OPTIONAL_FIELDS) - {"example", "expires"}}
        self._check_fields(fields, table)
        when, unless = fields["when"], fields["unless"]
        for key in ("when", "unless") if unless else ("when",):
            try:
                read(fields[key])
            except BadExpression as error:
                self.fail(table.position(key), f"in {key}, {error.words}", plain[key], error.at)
        made = condition(when, unless)
        ends, expires = self._ends(plain["expires"], table.position("expires"))
        rule = Rule(
            **cast(Any, {key: fields[key] for key in fields}),
            condition=made,
            ends=ends,
            expires=expires,
            file=self.name,
            line=table.line,
            each_copy=any(FACTS[name].of == "recipient" for name in made.names),
        )
        rule = replace(rule, examples=self._examples(rule, plain["example"], shown, table))
        if words := rule_constraints.why_forbidden(rule):
            self.fail(table.position("when"), words)
        return rule

    def _text(self, plain: Mapping[str, Any], key: str, table: TomlTable) -> str:
        value = plain.get(key, "")
        if not isinstance(value, str):
            self.fail(table.position(key), f"{key} is text")
        if key in _REQUIRED_FIELDS and not value.strip():
            self.fail(table.position(key), f"{key} is empty")
        return value.strip() if key not in ("when", "unless") else value

    def _check_fields(self, fields: Mapping[str, str], table: TomlTable) -> None:
        """Check that fields have permitted values, and that words fit on the lines on which they are shown."""
        for key, allowed in (("severity", SEVERITIES), ("mode", MODES), ("do", RULE_ACTIONS), ("review", ("", *REVIEWS))):
            if fields[key] not in allowed:
                self.fail(table.position(key), f"{key} is one of {', '.join(filter(None, allowed))}, not {fields[key]!r}")
        for key in ("id", "mark"):
            if fields[key] and (not _ID.match(fields[key]) or len(fields[key]) > _MAX_ID_LENGTH):
                self.fail(table.position(key), f"{key} has small letters, digits and single hyphens, at most {_MAX_ID_LENGTH}")
        if fields["id"] in RESERVED_IDS:
            self.fail(table.position("id"), f"{fields['id']} is how records name what is done whatever rules say")
        if fields["clause"] not in CLAUSES:
            self.fail(table.position("clause"), f"the policy has no clause {fields['clause']}: P-01 to P-31")
        for key, max_length in (("sender", MAX_TEXT_LENGTH), ("reader", MAX_TEXT_LENGTH), ("ask", MAX_CONTACT_LENGTH)):
            if len(fields[key]) > max_length:
                self.fail(
                    table.position(key), f"{key} has {len(fields[key])} characters, {max_length} at most: it is said in one line"
                )
            if not fields[key].isprintable() or (key != "reader" and not fields[key].isascii()):
                self.fail(table.position(key), f"{key} is said in one line of SMTP: no line ends, and ASCII but for the reader")
        for key, dos in _TEXT_ACTIONS.items():
            if fields["do"] in dos and not fields[key]:
                self.fail(Position(table.line), f"a rule that does {fields['do']} says `{key}`")
        if fields["mark"] and fields["do"] == "deliver":
            self.fail(table.position("mark"), "a rule that sets a mark does `mark`")

    def _ends(self, value: object, place: Position) -> tuple[int, str]:
        """The first ms at which the rule no longer acts, and the text for it: the day named is its last, in UTC."""
        if isinstance(value, datetime):
            if value.tzinfo is None:
                self.fail(place, "expires is a day, or a time with its offset (2027-06-30T12:00:00Z)")
            end = value
        elif isinstance(value, date):
            end = datetime(value.year, value.month, value.day, tzinfo=UTC) + timedelta(days=1)
        else:
            self.fail(place, "expires is a day like 2027-06-30, without quotes")
        return (end - _EPOCH) // timedelta(milliseconds=1), value.isoformat()

    def _examples(self, rule: Rule, plain: object, shown: list[TomlTable], table: TomlTable) -> tuple[Example, ...]:
        if not isinstance(plain, list) or len(shown) != len(plain):
            self.fail(table.position("example"), "each example begins with a line [[rule.example]]")
        examples = tuple(self._example(rule, example_table, at) for example_table, at in zip(plain, shown, strict=True))
        if {example.fits for example in examples} != {True, False}:
            self.fail(Position(table.line), f"rule {rule.id} needs an example that it fits and one that it does not")
        return examples

    def _example(self, rule: Rule, plain: Mapping[str, Any], at: TomlTable) -> Example:
        for key in plain.keys() - {"facts", "fits"}:
            self.fail(at.position(key), _unknown(key, {"facts", "fits"}))
        facts, expected = plain.get("facts"), plain.get("fits")
        if not isinstance(facts, dict) or not isinstance(expected, bool):
            self.fail(Position(at.line), "an example has facts = { … } and fits = true or false")
        known: dict[str, FactValue] = {}
        for name, value in _flat(facts):
            known[name] = self._fact(name, value, at.position("facts"))
        answer = fits(rule, known)
        if answer is not expected:
            outcome = "fits" if answer is True else "does not fit" if answer is False else "cannot tell about"
            self.fail(Position(at.line), f"rule {rule.id} {outcome} this example, and {'should' if expected else 'should not'}")
        return Example(known, expected, at.line)

    def _fact(self, name: str, value: object, place: Position) -> FactValue:
        if name not in FACTS:
            close = get_close_matches(name, FACTS, 1)
            self.fail(place, f"there is no fact {name}{f'; the nearest is {close[0]}' if close else ''}")
        default = FACTS[name].default
        if isinstance(default, tuple) and isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        if type(value) is not type(default):
            self.fail(place, f"the fact {name} is {FACTS[name].type}, not {value!r}")
        return value

    def rows(self) -> dict[str, Row]:
        plain = self._plain.get("matrix", {})
        at = next((t for t in self._tables if t.name == "matrix"), self._tables[0])
        if not isinstance(plain, dict):
            self.fail(at.position("matrix"), "the matrix is a table, [matrix]")
        return {part: self._row(part, cells, at.position(part)) for part, cells in plain.items()}

    def _row(self, part: str, cells: object, place: Position) -> Row:
        if part not in PARTS:
            self.fail(place, _unknown(part, set(PARTS), "part"))
        if not isinstance(cells, dict) or cells.keys() != set(DIRECTIONS):
            self.fail(place, f"the row of {part} has {', '.join(DIRECTIONS)}")
        for direction, cell in cells.items():
            if words := cell_error(part, direction, cell):
                self.fail(place, words)
        return Row(**{direction: cast(Cell, cell) for direction, cell in cells.items()})


def _flat(facts: Mapping[str, Any], above: str = "") -> list[tuple[str, object]]:
    """auth.spf = "fail" in TOML is a table in a table."""
    items: list[tuple[str, object]] = []
    for key, value in facts.items():
        name = f"{above}{key}"
        items += _flat(value, f"{name}.") if isinstance(value, dict) else [(name, value)]
    return items


def _unknown(key: str, known: set[str], what: str = "field") -> str:
    close = get_close_matches(key, sorted(known), 1)
    return f"there is no {what} {key}{f'; the nearest is {close[0]}' if close else ''}"
