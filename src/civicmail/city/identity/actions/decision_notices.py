"""Notify whoever asked for something of the decision, by mail; Home tells it as well."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.conf import settings

from civicmail.city.directory.models import Person
from civicmail.city.guard.epoch import from_ms
from civicmail.city.identity.actions.undertakings import addresses_of
from civicmail.city.notices.actions import notify


def notify_of_decision(people: Iterable[Person], key: str, subject: str, lines: Sequence[str], path: str, *, now: int) -> None:
    """Write to the own mailboxes of these people. key: of the decision; path: of the page; now: epoch ms. An empty line is left
    out."""
    text = "\n\n".join([*filter(None, lines), f"See {settings.CITY.web.url}{path}"])
    for address in addresses_of({person.pk for person in people}):
        notify(f"{key}:{address}", address, subject, text, now=from_ms(now))
