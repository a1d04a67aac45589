"""The directory as a personnel list would describe it."""

from __future__ import annotations

from civicmail.city.directory.feeddiff import Known
from civicmail.city.directory.models import Contract, Episode, Person


def contracts() -> dict[str, Contract]:
    """All contracts as "agency/number"."""
    return {f"{c.agency.code}/{c.number}": c for c in Contract.objects.select_related("agency")}


def known() -> dict[str, Known]:
    """Everybody who is or was in the directory, by uid, with the work that they do now. Two queries."""
    fields = (
        "person",
        "kind",
        "department__code",
        "position",
        "supervisor__uid",
        "contract__agency__code",
        "contract__number",
        "ends",
    )
    work = {row[0]: row[1:] for row in Episode.objects.filter(ended__isnull=True).order_by().values_list(*fields)}
    found = {}
    names = ("id", "uid", "family", "given", "display", "phone", "language", "outside")
    for id_, uid, family, given, display, phone, language, away in Person.objects.order_by().values_list(*names):
        if id_ not in work:
            found[uid] = Known(uid, family, given, display, phone, language, outside=away)
            continue
        kind, department, position, supervisor, agency, number, ends = work[id_]
        contract = f"{agency}/{number}" if agency else ""
        found[uid] = Known(
            uid, family, given, display, phone, language, kind, department, position, supervisor or "", contract, ends, True, away
        )
    return found
