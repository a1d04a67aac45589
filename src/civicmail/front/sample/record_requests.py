"""Sample requests for records: a new one, one with documents to review, one that waits, an oral one, a closed one (P-21)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import DAY_MS, from_ms
from civicmail.city.identity.worker_jobs import carry_entries
from civicmail.city.law import adopted, shipped
from civicmail.core.ledger.entry_journal import EntryJournal
from civicmail.desk.records.actions import clock, intake, requests, scopes, searches
from civicmail.desk.records.actions.intake import ContactData, NewRequest
from civicmail.desk.records.models import Request
from civicmail.desk.records.queries.law import local_day
from civicmail.front.sample.staff_context import Staff, in_role

_LIGHTS = "All letters between the city and residents of Harbor Road about street lights since September."
_PERMITS = "Mail of the building inspectors about the permit of the new hotel. I do not know who wrote it."
_PAVING = "Everything about paving on Oak Street: bids, complaints, the schedule."
_SPANISH = "Los correos de la biblioteca sobre sus horarios de este verano."
_MINUTES = "The letter in which the clerk invited the harbor commission to its meeting of last May."


def ask(data: Path, city: Staff, now: int) -> list[Request]:
    """Adopt the law of Wisconsin, and make the requests. Who works on them is the records officer, on role."""
    day = local_day(from_ms(now))
    text = shipped.text(shipped.OFFERED)
    adopted.adopt(data, text, by=city.named["city-attorney"].uid, at=now, today=day)
    officer, person = in_role(city.named["records-officer"], "records-officer", now), city.named["records-officer"]
    robin = ContactData(name="Robin Vale", email="robin.vale@resident.example", delivery="mail")
    lights = _made(NewRequest(text=_LIGHTS, intake="web", contact=robin), now, 9)
    permits = _made(NewRequest(text=_PERMITS, intake="web"), now, 6)
    paving = intake.enter(NewRequest(text=_PAVING, intake="counter", oral=True), actor=officer, now=now).request
    spanish = _made(NewRequest(text=_SPANISH, intake="web", language="es"), now, 0)
    minutes = _made(NewRequest(text=_MINUTES, intake="web"), now, 20)
    titles = {lights: "Street lights, Harbor Road", permits: "Permit of the new hotel", minutes: "Invitation, harbor commission"}
    for row, title in titles.items():
        requests.describe(row, title, actor=officer, now=now)
        requests.assign(row, person, "reviewer", actor=officer, now=now)
    requests.assign(lights, city.named["city-attorney"], "attorney", actor=officer, now=now)
    scopes.propose(lights, "Letters about street lights on Harbor Road since September.", '"street light"', actor=officer, now=now)
    _search(data, lights, officer, now)
    clock.pause(permits, "awaiting-scope", "Asked which months are meant.", actor=officer, now=now)
    requests.close(minutes, "none", actor=officer, reason="The archive begins after that meeting.", now=now)
    return [lights, permits, paving, spanish, minutes]


def _search(data: Path, request: Request, officer: Actor, now: int) -> None:
    """Order the search, whose documents are listed once the month's mail is indexed. Content is looked at while the ledger has all
    entries only, and no worker has carried those of the sample yet."""
    carry_entries(lambda heads: EntryJournal.for_folder(data).append(heads, now), now)
    EntryJournal.release()
    searches.order(request, actor=officer, now=now)


def _made(new: NewRequest, now: int, days: int) -> Request:
    """A request that came in so many days ago."""
    return intake.submit(replace(new, received=now - days * DAY_MS), now=now).request
