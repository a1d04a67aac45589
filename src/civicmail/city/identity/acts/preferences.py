"""The preferences of a person: how pages look for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.pages.act import FormPage, OwnAct, Page
from civicmail.city.pages.inputs import Choice, Choices, Flag, Input
from civicmail.core.config.sentence import Sentence
from civicmail.core.config.sentence import sentence as _

if TYPE_CHECKING:
    from civicmail.city.guard.models import Account

SCHEMES = (("device", _("As the device")), ("light", _("Light")), ("dark", _("Dark")))
DENSITIES = (("compact", _("Compact: more rows on a screen")), ("roomy", _("Roomy: larger rows and buttons")))
ZONES = (
    ("America/Puerto_Rico", _("Atlantic Time, Puerto Rico")),
    ("America/New_York", _("Eastern Time")),
    ("America/Chicago", _("Central Time")),
    ("America/Denver", _("Mountain Time")),
    ("America/Phoenix", _("Mountain Time, Arizona")),
    ("America/Los_Angeles", _("Pacific Time")),
    ("America/Anchorage", _("Alaska Time")),
    ("Pacific/Honolulu", _("Hawaii Time")),
    ("Pacific/Pago_Pago", _("Samoa Time")),
    ("Pacific/Guam", _("Chamorro Time")),
    ("UTC", _("Universal time, UTC")),
)
"""Zones of the United States, with their names of tz."""


class Preferences(Input):
    language = Choice(label=_("Language"), radio=True, help=_("Pages of offices are in English."))
    scheme = Choice(label=_("Colors"), radio=True, choices=SCHEMES, help=_("Mail from outside keeps its own colors."))
    density = Choice(label=_("Density"), radio=True, choices=DENSITIES)
    zone = Choice(
        label=_("Time zone"),
        help=_("For the times of day that you read. Deadlines, traces and the audit log keep the city’s time."),
    )  # fmt: skip
    letter_keys = Flag(
        label=_("Letters are keys"),
        help=_("On pages with keys, J and K go to the next and the previous row, and ? lists the others. Typing is not affected."),
    )


class SetPreferences(OwnAct["Account", Preferences, str]):
    """Set the language, colors, density, time zone and keys of one's own pages."""

    name, permission, input = "set_preferences", "home", Preferences
    page = Page("my/preferences/", "preferences")

    def load(self, *, actor: Actor, now: int) -> Account:
        from civicmail.city.guard.models import Account

        return Account.objects.get(person__uid=actor.uid)

    def choices(self, row: Account, actor: Actor) -> Mapping[str, Choices]:
        from django.conf import settings

        own = _("As the city: {zone}", zone=dict(ZONES).get(settings.TIME_ZONE, settings.TIME_ZONE))
        return {"language": settings.LANGUAGES, "zone": (("city", own), *ZONES)}

    def initial(self, row: Account) -> Mapping[str, Any]:
        from django.utils.translation import get_language

        return {name: getattr(row, name) for name in Preferences.fields} | {"language": row.language or get_language()}

    def perform(self, row: Account, given: Preferences, *, actor: Actor, now: int) -> str:
        """The language from now on."""
        from civicmail.city.identity.actions import preferences

        preferences.set_preferences(given.values, actor=actor, now=now)
        return str(given.language)

    def message(self, row: Account, done: str) -> Sentence:
        """In the language that was chosen."""
        from django.utils import translation

        translation.activate(done)
        return _("Your preferences are saved.")

    def after(self, done: str) -> str:
        from django.urls import reverse

        return reverse("preferences")

    def form_page(self, row: Account) -> FormPage:
        from django.utils.translation import gettext

        return FormPage(title=gettext("Preferences"), section="", submit=gettext("Save preferences"), back="")


SET_PREFERENCES = SetPreferences()
