"""What letters of a request say, and which of them fit it: the law pack has both, the case fills them in (P-21)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import Any

from django.conf import settings
from django.urls import reverse

from civicmail.city.guard.epoch import from_ms
from civicmail.city.law.entries import Letter as Kind
from civicmail.city.law.errors import IncompleteLetter, NotInPack
from civicmail.city.law.pack import STANDS_STILL, LawPack
from civicmail.desk.records.confidential_numbers import masked
from civicmail.desk.records.models import Letter, Request, Scope, Search
from civicmail.desk.records.production import dispositions
from civicmail.desk.records.production.dispositions import equation
from civicmail.desk.records.queries import clock, items
from civicmail.desk.records.queries.fees import Charges, charges_of
from civicmail.desk.records.queries.law import local_day
from civicmail.desk.records.queries.office import office_facts
from civicmail.desk.records.queries.production_plans import decided_items, withheld_rows
from civicmail.desk.records.queries.requests import NEVER
from civicmail.desk.records.scope_query import REVIEWED_AN_HOUR
from civicmail.desk.records.states import REQUEST

PURPOSES = ("narrow", "status", "extension", "estimate", "invoice", "release", "denial", "no-records")
"""Of letters that the desk writes, as the law packs name them."""
MAX_QUOTED = 4_000
"""Characters of a request that a letter repeats."""
DEMAND_REASONS, WRITTEN_REASONS = "demand-reasons", "written-reasons"
"""Clocks of an oral request that was denied, where a law pack has them: to demand written reasons, and to give them."""


@dataclass(frozen=True, slots=True)
class Case:
    """facts: what the request gives to a letter, without what a person must write; fitting: the letters that may be sent now."""

    row: Request
    pack: LawPack
    facts: Mapping[str, Any]
    fitting: Mapping[str, Kind]

    def facts_for(self, kind: str) -> Mapping[str, Any]:
        """The same; the letter of an extension names the day that it moves."""
        return {**self.facts, "next-date": _next_day(self.row, self.pack, kind)}

    def problems(self, letter: Letter) -> list[str]:
        """Why a letter may not be sent now, a sentence each: all must be mended."""
        if letter.kind not in self.fitting:
            title = self.pack.letter(letter.kind).title
            return [f"The letter “{title}” does not fit this request as it is now. Write the one that does."]
        try:
            self.pack.check_draft(letter.kind, letter.text, self.facts_for(letter.kind), letter.language)
        except IncompleteLetter as error:
            return list(error.problems)
        return []


def case_of(row: Request, pack: LawPack) -> Case:
    """The case as it is now."""
    decided = decided_items(row, from_ms(NEVER))
    counts = dispositions.balance(dispositions.dispositions(decided))
    rows = withheld_rows(decided, pack)
    estimate, invoice = (charges_of(row, pack, is_estimate=is_estimate) for is_estimate in (True, False))
    lock = row.notices.exclude(state="over").order_by("-locked_until").first()
    search = items.latest_search(row)
    scope = row.scopes.exclude(state__in=("refused", "replaced")).first()
    found = items.current(row).count()
    page = f"{settings.CITY.web.pages}{reverse('public-records-status')}"
    facts = {
        **office_facts(row),
        "received": local_day(row.received),
        "state": REQUEST[row.state][1],
        "scope": masked(scope.understood if scope else row.text[:MAX_QUOTED]),
        "status-link": page,
        "download-link": page,
        "messages": f"{found:,}" if search else None,
        "hours": f"{-(-found // REVIEWED_AN_HOUR):,}" if found else None,
        "place": clock.place_in_queue(row) or None,
        "balance": equation(counts),
        "withheld": rows,
        "rolling": f"{counts[dispositions.OPEN]:,} items are still in review." if counts[dispositions.OPEN] else None,
        "searched": _searched(search, scope) if search and scope else None,
        "locked-until": lock.locked_until if lock else None,
        **_money("", estimate),
        **_money("invoice-", invoice),
        "paid": invoice.paid,
        "owed": invoice.owed,
    }
    fixed = {
        "withheld": bool(rows),
        "whole": not rows,
        "oral": row.oral and row.reasons_demanded is None,
    }
    wishes = {"prepay": estimate.may_prepay, "notice": lock is not None}
    return Case(row, pack, facts, _fitting(row, pack, fixed, wishes))


def demand_until(row: Request, pack: LawPack) -> date | None:
    """The last day on which written reasons for an oral denial can be demanded; None where that does not apply."""
    if not row.oral:
        return None
    kinds = [letter.id for letter in pack.letters if letter.when.get("oral")]
    denied = row.letters.filter(state="sent", kind__in=kinds).order_by("sent").values_list("sent", flat=True).first()
    denied = denied or (row.closed if row.outcome == "denied" else None)
    return _due(pack, DEMAND_REASONS, local_day(denied)) if denied else None


def reasons_due(row: Request, pack: LawPack) -> date | None:
    """The day by which demanded reasons are given in writing; None if they were not demanded."""
    return _due(pack, WRITTEN_REASONS, row.reasons_demanded) if row.reasons_demanded else None


def _due(pack: LawPack, clock_id: str, start: date) -> date | None:
    try:
        return pack.due(clock_id, start)
    except NotInPack:
        return None


def _fitting(row: Request, pack: LawPack, fixed: Mapping[str, bool], wishes: Mapping[str, bool]) -> dict[str, Kind]:
    """The letters for this case, by id. fixed: what it is; wishes: what an officer may choose. An extension is given once."""
    given = {e.letter for e in pack.extensions} & set(row.letters.filter(state="sent").values_list("kind", flat=True))
    found: dict[str, Kind] = {}
    for purpose in PURPOSES:
        for chosen in product(*([False, True] if may else [False] for may in wishes.values())):
            with suppress(NotInPack):
                letter = pack.letter(purpose, **fixed, **dict(zip(wishes, chosen, strict=True)))
                found[letter.id] = letter
    return {id_: letter for id_, letter in found.items() if id_ not in given}


def _next_day(row: Request, pack: LawPack, kind: str) -> date | None:
    """The target, None while the clock stands still."""
    day = clock.due(row, pack, letter=kind)
    return None if day == STANDS_STILL else day


def _searched(search: Search, scope: Scope) -> str:
    return (
        f"{scope.understood}\n\nQuery: {search.scope.query}\n\n{search.population:,} messages in the archive = {search.found:,} "
        f"found + {search.unsearchable:,} not searchable + {search.excluded:,} without a match."
    )


def _money(prefix: str, charges: Charges) -> dict[str, Any]:
    """The facts of an estimate, or of an invoice."""
    rows = [
        {"task": charge.task.title, "quantity": charge.quantity, "amount": charge.cost, "citation": charge.task.citation}
        for charge in charges.charges
    ]
    reason = charges.reduced.reason if charges.reduced is not None and charges.is_reduced else None
    return {f"{prefix}charges": rows, f"{prefix}total": charges.total, f"{prefix}reduction": reason}
