"""Filters of addressbook-query (RFC 6352 10.5). Pure."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from civicmail.front.web.carddav.cards import Card
from civicmail.front.web.carddav.xml import NotRead, card

COLLATIONS = ("i;ascii-casemap", "i;unicode-casemap", "i;octet")


class NoSuchCollation(NotRead):
    """RFC 6352 8.6, supported-collation."""


def fits(entry: Card, filter_: Element | None) -> bool:
    """Whether a card matches; an empty filter matches all."""
    if filter_ is None or not len(filter_):
        return True
    return _any_or_all(filter_, [_property(entry, part) for part in filter_.findall(card("prop-filter"))])


def _any_or_all(element: Element, answers: list[bool]) -> bool:
    test = element.get("test", "anyof")
    if test not in ("anyof", "allof"):
        raise NotRead("test")
    return not answers or (any(answers) if test == "anyof" else all(answers))


def _property(entry: Card, part: Element) -> bool:
    """Our properties have no parameters, so a param-filter matches only if it requires absence."""
    values = entry.fields.get(part.get("name", "").rpartition(".")[2].upper(), [])
    if part.find(card("is-not-defined")) is not None:
        return not values
    if not values:
        return False
    answers = [_text(values, match) for match in part.findall(card("text-match"))]
    answers += [param.find(card("is-not-defined")) is not None for param in part.findall(card("param-filter"))]
    return _any_or_all(part, answers)


def _text(values: list[str], match: Element) -> bool:
    collation, type_ = match.get("collation", "i;unicode-casemap"), match.get("match-type", "contains")
    if collation not in COLLATIONS:
        raise NoSuchCollation(collation)
    pattern = match.text or ""
    if collation != "i;octet":
        pattern, values = pattern.casefold(), [value.casefold() for value in values]
    tests = {
        "contains": lambda value: pattern in value,
        "equals": lambda value: pattern == value,
        "starts-with": lambda value: value.startswith(pattern),
        "ends-with": lambda value: value.endswith(pattern),
    }
    if type_ not in tests:
        raise NotRead("match-type")
    return any(map(tests[type_], values)) != (match.get("negate-condition", "no") == "yes")
