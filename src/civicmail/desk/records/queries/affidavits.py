"""The affidavit of a search, from its rows (P-21)."""

from __future__ import annotations

from typing import Any

from django.db.models import Count

from civicmail.desk.records import affidavit
from civicmail.desk.records.models import Attestation, Search
from civicmail.desk.records.queries.items import NOT_SETTLED

_ANSWERS = {True: "records were handed over", False: "no records"}


def affidavit_of(search: Search) -> dict[str, Any]:
    """The affidavit of a finished search as data, with what people stated about their own accounts and devices."""
    settled = search.items.exclude(settled__in=NOT_SETTLED).values_list("settled").annotate(number=Count("pk"))
    open_items = search.items.exclude(trouble="").filter(settled__in=NOT_SETTLED).count()
    people = search.scope.request.attestations.select_related("person").order_by("pk")
    attested = [{"person": one.person.display, "answer": answer_of(one)} for one in people]
    return affidavit.affidavit(search, dict(settled), open_items, attested)


def answer_of(row: Attestation) -> str:
    """What somebody answered, in a few words."""
    if row.state == "asked":
        return "not answered yet"
    return "refused" if row.has_records is None else _ANSWERS[row.has_records]
