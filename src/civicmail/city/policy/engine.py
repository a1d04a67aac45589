"""Rule engine: facts to one decision for each recipient. Pure; raises nothing, whatever the facts are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from civicmail.city.policy import rule_keys
from civicmail.city.policy.cel.compiler import Scope, Unknown, UnknownResult
from civicmail.city.policy.dispositions import FactValue
from civicmail.city.policy.facts import FACTS
from civicmail.city.policy.failure_policy import PARSER, PART_ALIASES, POLICY, Cell, Direction, direction_of
from civicmail.city.policy.rules import RANK, Decision, Mark, Outcome, Rule, RuleSet

_DEFAULTS: Final[dict[str, Any]] = {name: fact.default for name, fact in FACTS.items()}
_FACTS_BY_CHECK: Final[dict[str, tuple[str, ...]]] = {
    check: tuple(name for name, fact in FACTS.items() if fact.check == check) for check in {f.check for f in FACTS.values()} - {""}
}
_MESSAGE_FACTS: Final = tuple(name for name, fact in FACTS.items() if fact.check or name.startswith(("from.", "message.")))
_ENVELOPE_FACTS: Final = frozenset({"message.size", "message.outside", "message.recipients"})
_OUTCOMES: Final[dict[Cell, Outcome]] = {"later": "later", "hold": "hold", "pending": "pending", "deliver-again": "mark"}
_DNS_UNAVAILABLE: Final = "temperror"
"""What authentication says where DNS did not (RFC 8601 2.7)."""
_REVIEWED_USE: Final = "use"
_TEMPFAIL_REPLY: Final = "451 4.7.1 It could not be checked at this moment; please try again later"
_RECHECK_TEXT: Final = "It could not be checked completely so far, and is checked again."

_Evaluated = Iterable[tuple[Rule, bool | frozenset[str]]]


def decide(
    book: RuleSet, message: Mapping[str, FactValue], recipients: Sequence[Mapping[str, FactValue]], now_ms: int
) -> tuple[Decision, ...]:
    """One decision for each recipient. message, recipients: facts of city/policy/facts.py that differ from their defaults;
    message["unavailable"] names the unavailable parts."""
    rules = [rule for rule in book.rules if rule.is_active(now_ms)]
    shared_scope: Scope | None = None
    answers: dict[str, bool | frozenset[str]] = {}
    decisions = []
    for recipient in recipients:
        scope = _scope(message, recipient)
        if shared_scope is None:
            shared_scope = scope
            answers = {rule.id: _evaluate(rule, scope) for rule in rules if not rule.each_copy}
        evaluated = [(rule, _evaluate(rule, scope) if rule.each_copy else answers[rule.id]) for rule in rules]
        missing = {POLICY} if book.error else set()
        decisions.append(
            _decision(book, evaluated, direction_of(message, recipient), missing, exempt=scope.get("use.exempt") is True)
        )
    return tuple(decisions)


def fits(rule: Rule, facts: Mapping[str, FactValue]) -> bool | frozenset[str]:
    """Whether a rule matches the facts of a message and one recipient together; else the unavailable parts for which that is
    unknown."""
    return _evaluate(rule, _scope(facts, {}))


def _scope(message: Mapping[str, FactValue], recipient: Mapping[str, FactValue]) -> Scope:
    """A value or Unknown for each fact. A default value is no result of an unavailable check, so that records, which omit defaults,
    give the same decision as the original facts."""
    scope: Scope = dict(_DEFAULTS)
    for name, value in (*message.items(), *recipient.items()):
        if name in scope:
            scope[name] = _checked_value(name, value)
    for part in _texts(message.get("unavailable")):
        for name in _MESSAGE_FACTS if part == PARSER else _FACTS_BY_CHECK.get(PART_ALIASES.get(part, part), ()):
            if scope[name] in (_DEFAULTS[name], _DNS_UNAVAILABLE) and name not in _ENVELOPE_FACTS:
                scope[name] = Unknown(part)
    return scope


def _texts(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, tuple | list) else ()


def _checked_value(name: str, value: FactValue) -> object:
    """The value, or Unknown if it has another type than the fact: an invalid result of a check counts as none."""
    default = _DEFAULTS[name]
    if isinstance(default, tuple):
        if isinstance(value, tuple | list) and all(type(item) is str for item in value):
            return tuple(value)
    elif type(value) is type(default):
        return value
    return Unknown(FACTS[name].check or POLICY)


def _evaluate(rule: Rule, scope: Scope) -> bool | frozenset[str]:
    try:
        return bool(rule.condition.holds(scope))
    except UnknownResult as unknown:
        return unknown.parts
    except Exception:  # noqa: BLE001 - a rule that errs must neither lose mail nor let it pass: the fail matrix speaks
        return frozenset((POLICY,))


def _decision(book: RuleSet, evaluated: _Evaluated, direction: Direction, missing_parts: set[str], *, exempt: bool) -> Decision:
    """The decision. evaluated: active rules by weight, with their results; missing_parts: unavailable whatever rules need."""
    fitting = [rule for rule, answer in evaluated if answer is True]
    acting = [rule for rule in fitting if rule.mode == "enforce"]
    do: Outcome = max((rule.do for rule in acting), key=RANK.__getitem__, default="deliver")
    for rule, answer in evaluated:
        if isinstance(answer, frozenset) and rule.mode == "enforce":
            missing_parts |= answer
    secure = any(rule.do == "encrypt" for rule in acting)
    parts = tuple(sorted(missing_parts))
    cells = [book.matrix.cell(part, direction) for part in parts]
    missing: Outcome = max((_OUTCOMES[cell] for cell in cells), key=RANK.__getitem__, default="deliver")
    deciding_rule = next((rule for rule in acting if rule.do == do), None)
    names = (*(_rule_label(rule) for rule in fitting), *(f"{rule_keys.UNAVAILABLE}{part}" for part in parts))
    marks = tuple(Mark(rule.mark, rule.reader, rule.id, rule.clause) for rule in acting if rule.mark)
    review = dict.fromkeys(rule.review for rule in fitting if rule.review and rule.mode != "shadow")
    if exempt:
        review.pop(_REVIEWED_USE, None)
    if parts:
        marks = (*marks, Mark(rule_keys.UNCHECKED, _RECHECK_TEXT, "", "P-25"))
    if RANK[missing] > RANK[do] and missing != "mark":
        reply = _TEMPFAIL_REPLY if missing == "later" else ""
        return Decision(
            missing, names, marks, reply, words=_RECHECK_TEXT, sender=_RECHECK_TEXT, review=tuple(review), again=True,
            parts=parts, secure=secure,
        )  # fmt: skip
    do = max(do, missing, key=RANK.__getitem__)
    if deciding_rule is None:
        return Decision(
            do, names, marks, words=_RECHECK_TEXT if parts else "", review=tuple(review), again=bool(parts), parts=parts
        )
    return Decision(
        do, names, marks, smtp_reply(deciding_rule), words=deciding_rule.reader, sender=deciding_rule.sender,
        clause=deciding_rule.clause, ask=deciding_rule.ask, review=tuple(review), again=bool(parts), parts=parts,
        secure=secure,
    )  # fmt: skip


def _rule_label(rule: Rule) -> str:
    return rule.id if rule.mode == "enforce" else f"{rule.mode}:{rule.id}"


def smtp_reply(rule: Rule) -> str:
    """The SMTP reply of a rejecting rule, else empty (RFC 3463: 5.7.1, not authorized, message refused)."""
    if rule.do != "refuse":
        return ""
    return f"550 5.7.1 {rule.sender} ({rule.clause}){f' Ask: {rule.ask}' if rule.ask else ''}"
