"""Entries of the audit log as people read them: names in place of numbers, facts as words.

    names = EntryNames.of(rows)
    names.object(row)                  "Ada Abendroth", "access of Ada Abendroth to works@city.example"
    names.facts(row)                   [("until", "Apr 1, 2027"), ("department", "Public Works")]

The stored entry keeps its numbers; the page of one entry shows it as it is stored, too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from civicmail.city.directory.models import Agency, Department, Person
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.models import Entry
from civicmail.city.pages import display_names, wording
from civicmail.city.pages.entry_words import words

KINDS = {
    "approval": "file approval {id}",
    "book": "rule set {id}",
    "bar": "ban {id}",
    "capture": "message {id:.13}",
    "door": "external system {id}",
    "emergency": "emergency rule {id}",
    "entry": "an audit entry",
    "feed": "personnel feed {id}",
    "finding": "use finding {id}",
    "incident": "incident {id}",
    "mandate": "examination {id}",
    "pickup": "pick-up message {id}",
    "policy": "version {id} of the policy",
    "protection": "protection {id}",
    "request": "request {id}",
    "review": "access review {id}",
    "rule": "rule {id}",
}
"""Kind of an object, before the colon -> how it is called."""
MOMENT_MS = 1_000_000_000_000
"""Numbers above it are moments in epoch ms."""
LONGEST_NUMBER = 40
"""Characters of what may be the number of a person or the code of a department."""


@dataclass(frozen=True, slots=True)
class EntryNames:
    """Names for the entries of one page, by the number or code that entries have."""

    people: Mapping[str, str] = field(default_factory=dict)
    departments: Mapping[str, str] = field(default_factory=dict)
    agencies: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Collection[Entry]) -> EntryNames:
        """Three queries, whatever the number of rows."""
        codes = {text for row in rows for text in (*_texts(row.facts), row.person, row.behalf, row.object.partition(":")[2])}
        codes = {text for text in codes if 0 < len(text) <= LONGEST_NUMBER}
        people = dict(Person.objects.filter(uid__in=codes).values_list("uid", "display"))
        departments = dict(Department.objects.filter(code__in=codes).values_list("code", "name"))
        return cls(people, departments, dict(Agency.objects.filter(code__in=codes).values_list("code", "name")))

    def object(self, row: Entry) -> str:
        """What an entry is about; "" where it names nothing."""
        kind, _, id_ = row.object.partition(":")
        facts = row.facts if isinstance(row.facts, dict) else {}
        who = self.people.get(str(facts.get("person", "")), "")
        match kind:
            case "person":
                return self.people.get(id_, id_)
            case "department":
                return self.departments.get(id_, id_)
            case "agency":
                return self.agencies.get(id_, id_)
            case "mailbox" | "group":
                return id_
            case "authorisation":
                return f"access of {who or 'a person'}" + (f" to {facts['mailbox']}" if facts.get("mailbox") else "")
            case "duty":
                return f"{wording.role(str(facts.get('duty', '')))}{f' of {who}' if who else ''}"
            case "violation":
                return f"violation {id_}{f' of {who}' if who else ''}"
            case "personal-use" | "profile" | "device" | "token":
                return who or self.departments.get(str(facts.get("department", "")), "") or f"{kind.replace('-', ' ')} {id_}"
        if kind in KINDS:
            return KINDS[kind].format(id=id_)
        return f"{kind.replace('-', ' ')} {id_}".strip()

    def who(self, row: Entry) -> str:
        """Who did it, by name."""
        return display_names.shown_name(row.person, self.people.get(row.person))

    def sentence(self, row: Entry) -> str:
        """What was done to what: "Approved a request for access: access of Ada Abendroth"."""
        about = self.object(row)
        return f"{words(row.act)}: {about}" if about else words(row.act)

    def facts(self, row: Entry) -> list[tuple[str, str]]:
        """The facts that say something, in words."""
        known = row.facts if isinstance(row.facts, dict) else {}
        pairs = ((name.replace("_", " "), self.value(value)) for name, value in sorted(known.items()))
        return [(name, value) for name, value in pairs if value]

    def value(self, value: Any) -> str:
        """A fact as text; "" for an empty one. A list is told by its items."""
        if isinstance(value, list | tuple):
            return ", ".join(text for item in value if (text := self.value(item)))
        if isinstance(value, dict):
            return ", ".join(f"{name.replace('_', ' ')} {text}" for name, item in value.items() if (text := self.value(item)))
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, int) and value > MOMENT_MS:
            return wording.minute(from_ms(value))
        if value is None or value == "":
            return ""
        text = str(value)
        return self.people.get(text) or self.departments.get(text) or self.agencies.get(text) or text


def _texts(value: object) -> Iterator[str]:
    """Every text in facts."""
    if isinstance(value, str):
        yield value
    items: Iterable[object] = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in items:
        yield from _texts(item)
