"""Hosts that links may lead to at once: the city's own and protected names, gov and mil, what the settings name, and whoever the
city has written to (P-31). All others are asked about when somebody follows the link. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from civicmail.core.config.settings import Settings
from civicmail.mail.screening import urls
from civicmail.mail.screening.correspondents import Correspondents
from civicmail.mail.screening.domains import is_within

_PUBLIC = ("gov", "mil")
"""Suffixes under which nobody buys a name."""
_WEB = frozenset({"http:", "https:"})


def place_of(domain: str) -> str:
    """How a registered domain stands among addresses: none is written so."""
    return f"//{domain}"


@dataclass(frozen=True, slots=True)
class KnownHosts:
    """names: with all names below them; people: whom the city has written to, None where nobody knows."""

    names: tuple[str, ...]
    people: Correspondents | None = None

    @classmethod
    def from_settings(cls, settings: Settings, base: str, people: Correspondents | None) -> KnownHosts:
        """base: where our own pages are reached."""
        own = urls.read(base)
        names = (*settings.city.domains, *settings.screening.protected, *settings.marks.known, *((own.host,) if own else ()))
        return cls(tuple(name.lower() for name in names if name), people)

    def needs_check(self, url: str) -> bool:
        """Whether a link leads by our page: it goes to the web, and nobody here knows its host."""
        place = urls.read(url)
        return place is not None and place.scheme in _WEB and bool(place.host) and (place.user or not self.is_known(place.host))

    def is_known(self, host: str) -> bool:
        suffix = urls.split(host)[2]
        if suffix.rpartition(".")[2] in _PUBLIC or any(is_within(host, name) for name in self.names):
            return True
        return self.people is not None and self.people.is_known(place_of(urls.registrable(host)))
