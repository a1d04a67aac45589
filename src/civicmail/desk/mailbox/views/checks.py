"""What screening found out about a message from outside, in one line for each check (P-25, P-26, P-27, P-31).

The lines are those of the message, the same for all who got it. No line says that mail is safe: each says what was looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext, ngettext

from civicmail.city.policy.dispositions import Facts, FactValue
from civicmail.city.policy.facts import FACTS

Result = Literal["good", "doubt", "unknown"]


@dataclass(frozen=True, slots=True)
class CheckLine:
    """about: what was looked at; text: what came of it, which goes on after a colon."""

    result: Result
    about: str
    text: str


@dataclass(frozen=True, slots=True)
class _MessageFacts:
    """The recorded facts of a message, which leave out defaults."""

    _recorded: Facts

    def __getitem__(self, name: str) -> FactValue:
        return self._recorded.get(name, FACTS[name].default)

    def count(self, name: str) -> int:
        value = self[name]
        return value if isinstance(value, int) else 0

    def lacks(self, *checks: str) -> bool:
        """Whether one of these checks could not be made."""
        missing = self["unavailable"]
        return isinstance(missing, tuple) and not set(checks).isdisjoint(missing)


def check_lines(recorded: Facts) -> list[CheckLine]:
    """Doubts first, then what could not be checked, then what is in order. recorded: facts of the message."""
    facts = _MessageFacts(recorded)
    lines = [line for each in (_name, _contact, _domain, _answers, _links, _files) for line in each(facts)]
    return sorted(lines, key=lambda line: ("doubt", "unknown", "good").index(line.result))


def _unchecked(about: str) -> CheckLine:
    return CheckLine("unknown", about, gettext("could not be checked"))


def _name(facts: _MessageFacts) -> Iterator[CheckLine]:
    about = gettext("Name")
    if facts.lacks("names"):
        yield _unchecked(about)
    elif facts["names.staff"]:
        yield CheckLine("doubt", about, gettext("of a colleague, from outside"))


def _contact(facts: _MessageFacts) -> Iterator[CheckLine]:
    if facts["sender.known"]:
        yield CheckLine("good", gettext("Correspondent"), gettext("the city has had mail from this address before"))
    elif facts["sender.first"]:
        yield CheckLine("doubt", gettext("First contact"), gettext("new to the whole city"))


def _domain(facts: _MessageFacts) -> Iterator[CheckLine]:
    about, domain = gettext("Sender’s domain"), str(facts["from.domain"])
    if facts["names.lookalike"]:
        yield CheckLine("doubt", about, gettext("{domain} only looks like a known one").format(domain=domain))
    elif facts.lacks("spf", "dkim", "dmarc") or facts["auth.dmarc"] in ("temperror", "permerror"):
        yield _unchecked(about)
    elif facts["auth.dmarc"] == "pass" or facts["auth.vouched"]:
        yield CheckLine("good", about, gettext("{domain} did send it").format(domain=domain))
    else:
        yield CheckLine("doubt", about, gettext("nothing proves that it sent this"))


def _answers(facts: _MessageFacts) -> Iterator[CheckLine]:
    if facts["names.reply_elsewhere"]:
        yield CheckLine("doubt", gettext("Answers"), gettext("would go to another domain"))


def _links(facts: _MessageFacts) -> Iterator[CheckLine]:
    about, count = gettext("Links"), facts.count("links.count")
    false = ("links.deceptive", "links.lookalike", "links.credentials", "links.address", "links.data")
    if facts.lacks("links"):
        yield _unchecked(about)
    elif any(facts[name] for name in false):
        yield CheckLine("doubt", about, gettext("one leads elsewhere than it says, or hides where"))
    elif facts["links.qr"]:
        yield CheckLine("doubt", about, gettext("one is in a picture (QR code)"))
    elif count:
        text = ngettext("{count}, with nothing odd about it", "{count}, with nothing odd about them", count)
        yield CheckLine("good", about, text.format(count=count))


def _files(facts: _MessageFacts) -> Iterator[CheckLine]:
    about, count = gettext("Files"), facts.count("files.count")
    acts = ("files.executable", "files.macros", "files.active", "files.form", "files.smuggling")
    if facts["malware.found"]:
        yield CheckLine("doubt", about, gettext("malware was found"))
    elif any(facts[name] for name in acts):
        yield CheckLine("doubt", about, gettext("one runs a program when it is opened"))
    elif facts["files.mismatch"]:
        yield CheckLine("doubt", about, gettext("one is something else than its name says"))
    elif facts["files.encrypted"] or facts["files.unread"] or facts["files.limits"]:
        yield CheckLine("unknown", about, gettext("one could not be looked into"))
    elif count and facts.lacks("files", "clamav"):
        yield _unchecked(about)
    elif count:
        text = ngettext("{count}, no malware was found in it", "{count}, no malware was found in them", count)
        yield CheckLine("good", about, text.format(count=count))
    else:
        yield CheckLine("good", about, gettext("none"))
