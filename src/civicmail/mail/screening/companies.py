"""Detect senders who use a well-known company's name with another's address. companies.txt has the list; the city adds to it
(settings.screening.companies). Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from civicmail.mail.screening import urls
from civicmail.mail.screening.lookalikes import BAIT

_LIST = files("civicmail.mail.screening").joinpath("companies.txt").read_text("utf-8").split("\n")
_BESIDE = frozenset(
    {
        *("account", "accounts", "alert", "alerts", "app", "atencion", "behalf", "billing", "care", "center", "centre"),
        *("cliente", "customer", "delivery", "desk", "equipo", "express", "from", "help", "helpdesk", "inc", "info"),
        *("kundendienst", "kundenservice", "mail", "new", "news", "no", "noreply", "notification", "notifications", "of"),
        *("on", "online", "payment", "payments", "reply", "rewards", "security", "service", "services", "servicio"),
        *("shipping", "shop", "soporte", "store", "support", "survey", "team", "the", "via"),
    }
)  # fmt: skip
"""Words beside a name that still mean the company itself."""
_WORD = re.compile(r"[^\W_]+(?:[.&'-][^\W_]+)*")
_GIVEN = (".gov", ".mil", ".edu")
LONGEST = 200


@dataclass(frozen=True, slots=True, eq=False)  # companies() makes each once
class Companies:
    """domains: lower-case name to the company's domains; alone: names that count only by themselves; any_of: all names as one
    pattern."""

    domains: Mapping[str, frozenset[str]]
    alone: frozenset[str]
    any_of: re.Pattern[str]

    def borrowed(self, display: str, domain: str) -> str:
        """The company whose name the sender uses without belonging to it; "" for none. domain: of the address, in A-labels."""
        seen = plain(display[:LONGEST])
        for match in self.any_of.finditer(seen):
            name = match[0]
            if name in self.alone and not _is_alone(seen, name):
                continue
            return "" if self._owns(name, domain) else name
        return ""

    def _owns(self, name: str, domain: str) -> bool:
        if domain.endswith(_GIVEN) or any(domain == own or domain.endswith(f".{own}") for own in self.domains[name]):
            return True
        label = urls.split(domain)[1].replace("-", "")
        squeezed = re.sub(r"[^a-z0-9]", "", name)
        return label.startswith(squeezed) and label.removeprefix(squeezed) not in BAIT


@lru_cache(maxsize=8)
def companies(own: tuple[str, ...] = ()) -> Companies:
    """The list together with the city's own lines: `name = domain, domain`."""
    domains: dict[str, frozenset[str]] = {}
    alone: set[str] = set()
    for line in (*_LIST, *own):
        if line.startswith("#") or not (row := _ROW.match(line)):
            continue
        name = row[2].strip().lower()
        domains[name] = frozenset(domain.strip().lower() for domain in row[3].split(",")) - {""}
        if row[1]:
            alone.add(name)
    every = "|".join(re.escape(name) for name in sorted(domains, key=lambda name: (-len(name), name)))
    return Companies(domains, frozenset(alone), re.compile(rf"(?<![\w-])(?:{every})(?![\w-])"))


_ROW = re.compile(r"(=?)\s*([^=]+?)\s*=\s*([^=]+)\Z")


def plain(display: str) -> str:
    """A display name as a reader takes it: lower case, without accents, styles and invisible signs, and without an address."""
    if not display.isascii():
        display = "".join(c for c in unicodedata.normalize("NFKD", display) if unicodedata.category(c) not in ("Mn", "Cf", "Cc"))
    return display.lower().partition("@")[0].partition("<")[0]


def _is_alone(seen: str, name: str) -> bool:
    rest = seen.replace(name, " ", 1)
    return all(word in _BESIDE or word.isdigit() for word in _WORD.findall(rest))
