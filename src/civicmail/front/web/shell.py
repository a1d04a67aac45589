"""Layout of every page: city, person, role and menu.

Nothing here queries the database before a template needs it, and on error pages (`request.bare`) nothing does at all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext

from civicmail.city.guard import guard
from civicmail.city.guard.actors import ANONYMOUS, Actor
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.models import Account
from civicmail.city.guard.roles import ROLES
from civicmail.city.identity.acts.preferences import ZONES
from civicmail.city.pages.city_request import CityRequest
from civicmail.city.pages.wording import translate
from civicmail.front.web import language
from civicmail.front.web.formatting import clock
from civicmail.front.web.menu import Menu, menu_of
from civicmail.front.web.models import SavedView

_SCREEN = "screen and (forced-colors: none)"
DARK_MEDIA = {"device": f"{_SCREEN} and (prefers-color-scheme: dark)", "light": "", "dark": _SCREEN}
"""Color scheme of an account -> media query of dark.css; paper is never dark."""
OPENING = {"token", "secret"}
"""URL parts that grant access to anybody who has them."""


@dataclass(frozen=True, slots=True)
class ActiveRole:
    words: str
    url: str


@dataclass
class Shell:
    """Read by shell.html."""

    request: CityRequest
    actor: Actor = field(default=ANONYMOUS)

    @property
    def city(self) -> str:
        return str(settings.CITY.city.name)

    @property
    def person(self) -> str:
        return self.actor.name if self.actor.uid else ""

    @property
    def initials(self) -> str:
        """Of the first and the last name, where there is no room for them."""
        names = self.person.split()
        return "".join(name[0] for name in (names[:1] + names[1:][-1:])).upper()

    @cached_property
    def menu(self) -> Menu | None:
        return menu_of(self.request, self.actor) if self.actor.uid else None

    @property
    def scopes(self) -> list[tuple[str, str]]:
        """Where the search box of the head may look: (words, address), the nearest first. A page adds its own (Page.search)."""
        under = getattr(self.request, "under", None)
        near = [(gettext("This examination"), reverse("mandate-search", args=[under.number]))] if under else []
        groups = self.menu.groups if self.menu else []
        return near + [(str(e.label), e.url) for group in groups for e in group.entries if e.is_searchable]

    @cached_property
    def saved(self) -> list[SavedView]:
        """Views of this page that the person saved."""
        if not self.actor.uid:
            return []
        return list(SavedView.objects.filter(person__uid=self.actor.uid, page=self.request.path))

    @property
    def account(self) -> Account | None:
        """With the preferences of the person, if one is signed in."""
        return cast(Account, self.request.user) if self.actor.uid else None

    @property
    def keys(self) -> bool:
        """Whether letters are keys for this person."""
        return self.account is not None and self.account.letter_keys

    @property
    def dark(self) -> str:
        """The media on which pages are dark: those of the device, if nobody chose; "" for none."""
        return DARK_MEDIA[self.account.scheme if self.account else "device"]

    @property
    def density(self) -> str:
        return self.account.density if self.account else "compact"

    @property
    def zone(self) -> str:
        """The name of the person's time zone, if it is not the city's."""
        return dict(ZONES).get(self.account.zone, "") if self.account else ""

    @property
    def roles(self) -> list[ActiveRole]:
        """The active roles, the one that ends last first."""
        now = epoch_ms(timezone.now())
        taken = sorted((h for h in self.actor.held if now < h.active_until), key=lambda h: -h.active_until)
        under = getattr(self.request, "under", None)  # put there by pages that show mail under a mandate
        case = gettext(" · mandate {number}").format(number=under.number) if under else ""
        until = gettext("{role} until {time}")
        names = [(translate(ROLES[h.role].name) + ("" if n else case), clock(from_ms(h.active_until))) for n, h in enumerate(taken)]
        return [ActiveRole(until.format(role=name, time=time), reverse("duties")) for name, time in names]

    @property
    def role(self) -> ActiveRole | None:
        return next(iter(self.roles), None)

    @property
    def language(self) -> str:
        """The page's language, for `lang`."""
        return translation.get_language() or "en"

    @property
    def languages(self) -> list[tuple[str, str]]:
        """The others in which the page could be: (code, own name)."""
        return language.others(self.request)

    @property
    def here(self) -> str:
        """The page's address, for coming back to it."""
        return self.request.get_full_path()

    @property
    def printed(self) -> list[str]:
        """The print footer: URL with filters, person and role. A URL with a secret is left out."""
        match = self.request.resolver_match
        opens = match is None or OPENING & match.kwargs.keys()
        address = "" if opens else self.here if self.person else self.request.path
        parts = [address, self.person, self.role.words if self.role else ""]
        return [words for words in parts if words]

    @property
    def sign_out(self) -> str:
        return reverse("account_logout")

    @property
    def demo(self) -> bool:
        return bool(settings.DEMO)

    @cached_property
    def unclaimed(self) -> bool:
        return settings.DATA is not None and not guard.is_claimed(settings.DATA)


def shell(request: CityRequest) -> dict[str, Any]:
    """Context processor: `shell` in every template."""
    bare = getattr(request, "bare", False)
    return {"shell": Shell(request, ANONYMOUS if bare else getattr(request, "actor", ANONYMOUS))}
