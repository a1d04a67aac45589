"""Hosts that links may open directly: the city's own and protected names, gov and mil, those of the settings, and hosts that the
city has written to (P-31). Every other link leads to a check page first. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from civicmail.core.config.settings import Settings
from civicmail.mail.screening import urls
from civicmail.mail.screening.correspondents import Correspondents
from civicmail.mail.screening.domains import is_within

_PUBLIC = ("gov", "mil")
"""Suffixes under which nobody can buy a name."""
_WEB = frozenset({"http:", "https:"})


def place_of(domain: str) -> str:
    """The form in which a registered domain is stored among addresses; no address has it."""
    return f"//{domain}"


@dataclass(frozen=True, slots=True)
class KnownHosts:
    """names: with all names below them; people: whom the city has written to, None where that is unknown."""

    names: tuple[str, ...]
    people: Correspondents | None = None

    @classmethod
    def from_settings(cls, settings: Settings, base: str, people: Correspondents | None) -> KnownHosts:
        """base: URL of our own pages."""
        own = urls.read(base)
        names = (*settings.city.domains, *settings.screening.protected, *settings.marks.known, *((own.host,) if own else ()))
        return cls(tuple(name.lower() for name in names if name), people)

    def needs_check(self, url: str) -> bool:
        """Whether a link leads to the check page: it goes to the web, and its host is unknown."""
        place = urls.read(url)
        return place is not None and place.scheme in _WEB and bool(place.host) and (place.user or not self.is_known(place.host))

    def is_known(self, host: str) -> bool:
        suffix = urls.split(host)[2]
        if suffix.rpartition(".")[2] in _PUBLIC or any(is_within(host, name) for name in self.names):
            return True
        return self.people is not None and self.people.is_known(place_of(urls.registrable(host)))
