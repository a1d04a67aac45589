"""Letters from templates: filled in whole, or not at all.

A body has `{fact}`, `{list:rows}` and `{sentence:id}`; a paragraph that begins with `{?fact}` is left out without that fact.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from civicmail.city.law.entries import Letter, LetterText, Sentence
from civicmail.city.law.errors import IncompleteLetter

_PLACE = re.compile(r"\{(?:(list|sentence):)?([A-Za-z0-9][A-Za-z0-9_.()/-]*)\}")
_OPTION = re.compile(r"^\{\?([A-Za-z0-9_-]+)\}\s*")
_MONTHS = {
    "en": "January,February,March,April,May,June,July,August,September,October,November,December",
    "es": "enero,febrero,marzo,abril,mayo,junio,julio,agosto,septiembre,octubre,noviembre,diciembre",
}


@dataclass(frozen=True, slots=True)
class Wording:
    """What letters of a pack take from it. sentences: by id; codes: ids; currency: the sign before an amount."""

    sentences: Mapping[str, Sentence]
    codes: Collection[str]
    currency: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """A letter that may be sent."""

    kind: str
    language: str
    subject: str
    body: str


def render(letter: Letter, facts: Mapping[str, Any], language: str, wording: Wording) -> Rendered:
    """Fill in a letter. Raises IncompleteLetter, with every problem."""
    text = _text(letter, language)
    wrong = _missing(letter, facts, wording)
    if wrong:
        raise IncompleteLetter(wrong)
    body = "\n\n".join(_paragraphs(letter, text, facts, language, wording))
    check(letter, body, facts, language, wording)
    return Rendered(letter.id, language, _filled(text.subject, letter, text, facts, language, wording), body)


def draft(letter: Letter, facts: Mapping[str, Any], language: str, wording: Wording) -> Rendered:
    """Fill in a letter as far as the facts go: a fact that is missing is "[fact]" (blank). Raises IncompleteLetter if it is not in
    this language."""
    text = _text(letter, language)
    filled = {name: blank(name) if _is_blank(facts.get(name)) else facts[name] for name in letter.facts}
    for name, fields in letter.rows.items():
        rows = facts.get(name) or ()
        filled[name] = [{what: blank(what) if _is_blank(row.get(what)) else row[what] for what in fields} for row in rows]
    known = {**facts, **filled}
    body = "\n\n".join(filter(None, _paragraphs(letter, text, known, language, wording)))
    return Rendered(letter.id, language, _filled(text.subject, letter, text, known, language, wording), body)


def blank(name: str) -> str:
    """What a draft has in place of a fact that a person must write."""
    return f"[{name.replace('-', ' ')}]"


def check_draft(letter: Letter, text: str, facts: Mapping[str, Any], language: str, wording: Wording) -> None:
    """Check a draft that a person edited. A fact that is not given must be written in place of its blank; one that is given, and
    that the template shows, must be in the text as it is given. Raises IncompleteLetter."""
    by_hand = [name for name in letter.facts if _is_blank(facts.get(name))]
    wrong = [f"Write the {name.replace('-', ' ')} in place of {blank(name)}." for name in by_hand if blank(name) in text]
    plain, template = _plain(text), _text(letter, language)
    shown = {match[2] for match in _PLACE.finditer(template.body) if match[1] is None}
    wrong += [
        f"The letter must say “{_words(facts[name], language, wording)}” ({name.replace('-', ' ')})."
        for name in letter.facts
        if name in shown and name not in by_hand and _plain(_words(facts[name], language, wording)) not in plain
    ]
    try:
        check(letter, text, {**facts, **dict.fromkeys(by_hand, "written")}, language, wording)
    except IncompleteLetter as error:
        wrong += error.problems
    if wrong:
        raise IncompleteLetter(wrong)


def check(letter: Letter, text: str, facts: Mapping[str, Any], language: str, wording: Wording) -> None:
    """Check a letter's text: every mandatory sentence word for word, and the reason of every row. Raises IncompleteLetter."""
    wrong = _missing(letter, facts, wording)
    plain = _plain(text)
    for id_ in letter.sentences:
        sentence = wording.sentences[id_]
        for of in {sentence.official, language} & sentence.text.keys():
            if _plain(sentence.text[of]) not in plain:
                wrong.append(f"The sentence “{sentence.title}” ({sentence.citation}) is missing or was altered.")
    for name, fields in letter.rows.items():
        for n, row in enumerate(facts.get(name) or (), 1):
            wrong += [
                f"Row {n} of {name}: its {what} is not in the letter."
                for what in fields
                if _plain(_words(row.get(what, ""), language, wording)) not in plain
            ]
    if wrong:
        raise IncompleteLetter(wrong)


def problems(letter: Letter, sentences: Sequence[Sentence], languages: Collection[str]) -> Iterator[str]:
    """What is contradictory in a template, a sentence each."""
    known = {s.id: s for s in sentences}
    if not letter.text:
        yield f"the letter {letter.id} has no text."
    for language, text in letter.text.items():
        where = f"the letter {letter.id} in {language}"
        if language not in languages or language not in _MONTHS:
            yield f"{where}: the pack does not have this language."
        places = {(m[1] or "", m[2]) for m in _PLACE.finditer(f"{text.subject}\n{text.body}")}
        for id_ in letter.sentences:
            if ("sentence", id_) not in places:
                yield f"{where} lacks the sentence {id_}."
            elif id_ in known and language not in known[id_].text:
                yield f"{where}: the sentence {id_} is not in this language."
        yield from (f"{where} lacks the list {name}." for name in letter.rows if ("list", name) not in places)
        yield from (f"{where} says not how a row of {name} is written." for name in letter.rows if name not in text.lines)
        allowed = {("", fact) for fact in {*letter.facts, *_optional(text)}}
        allowed |= {("list", name) for name in letter.rows} | {("sentence", id_) for id_ in known}
        yield from (f"{where} uses {name}, which is not among its facts." for kind, name in sorted(places - allowed))
        for name, fields in letter.rows.items():
            used = {m[2] for m in _PLACE.finditer(text.lines.get(name, ""))}
            yield from (f"{where}: a row of {name} does not show its {what}." for what in fields if what not in used)
            yield from (f"{where}: a row of {name} has no {what}." for what in sorted(used - set(fields)))


def _text(letter: Letter, language: str) -> LetterText:
    if language not in letter.text:
        raise IncompleteLetter([f"The letter {letter.id} is not in the language {language}."])
    return letter.text[language]


def _optional(text: LetterText) -> set[str]:
    return {m[1] for paragraph in _split(text.body) if (m := _OPTION.match(paragraph))}


def _missing(letter: Letter, facts: Mapping[str, Any], wording: Wording) -> list[str]:
    wrong = [f"The letter {letter.id} needs {fact}." for fact in letter.facts if _is_blank(facts.get(fact))]
    for name, fields in letter.rows.items():
        rows = facts.get(name)
        if not isinstance(rows, Sequence) or isinstance(rows, str) or not rows:
            wrong.append(f"The letter {letter.id} needs {name}, at least one.")
            continue
        for n, row in enumerate(rows, 1):
            wrong += [f"Row {n} of {name} has no {what}." for what in fields if _is_blank(row.get(what))]
            if "code" in fields and row.get("code") and row["code"] not in wording.codes:
                wrong.append(f"Row {n} of {name} has the code {row['code']}, which the law pack does not have.")
            others = {_plain(str(v)) for what, v in row.items() if what != "reason"}
            if "reason" in fields and _plain(str(row.get("reason", ""))) in others - {""}:
                wrong.append(f"Row {n} of {name} repeats its code or title: a reason says why this record is withheld.")
    return wrong


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _paragraphs(letter: Letter, text: LetterText, facts: Mapping[str, Any], language: str, wording: Wording) -> Iterator[str]:
    for paragraph in _split(text.body):
        option = _OPTION.match(paragraph)
        if option is None or not _is_blank(facts.get(option[1])):
            yield _filled(paragraph[option.end() if option else 0 :], letter, text, facts, language, wording)


def _split(body: str) -> list[str]:
    return re.split(r"\n\s*\n", body.strip())


def _filled(part: str, letter: Letter, text: LetterText, facts: Mapping[str, Any], language: str, wording: Wording) -> str:
    """The text with its places filled, once: a brace in a fact stays a brace."""

    def cell(row: Mapping[str, Any], match: re.Match[str]) -> str:
        return _words(row[match[2]], language, wording)

    def value(match: re.Match[str]) -> str:
        kind, name = match[1], match[2]
        if kind == "list":
            return "\n".join(_PLACE.sub(partial(cell, row), text.lines[name]) for row in facts[name])
        if kind == "sentence":
            sentence = wording.sentences[name]
            return "\n\n".join(sentence.text[of] for of in dict.fromkeys((language, sentence.official or language)))
        return _words(facts.get(name, ""), language, wording)

    return _PLACE.sub(value, part)


def _words(value: Any, language: str, wording: Wording) -> str:
    """A fact as it stands in a letter."""
    if isinstance(value, Decimal):
        return f"{wording.currency}{value:,.2f}"
    if isinstance(value, date):
        month = _MONTHS[language].split(",")[value.month - 1]
        return f"{value.day} de {month} de {value.year}" if language == "es" else f"{month} {value.day}, {value.year}"
    return str(value).strip()


def _plain(text: str) -> str:
    return " ".join(text.split())
