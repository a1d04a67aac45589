"""Violations of the town: one that waits for a finding, one without a name, a permanent bar."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from civicmail.city.conduct import models as conduct
from civicmail.city.directory.models import Agency
from civicmail.city.identity import models as identity


def violations(t: Any) -> dict[str, Any]:
    """Ids by name. Northline's contact is crew0."""
    at = t.now - timedelta(days=2)
    Agency.objects.filter(code="northline").update(contact=t.people["crew0"].mailboxes.get().address)
    row = conduct.Violation.objects.create(
        person=t.people["crew6"], episode=t.people["crew6"].episodes.get(), department=t.departments["public-works"],
        kind="employee", clause="P-12", what="Sent an offer of her own business to forty people in working hours.", source="person",
        reporter=t.people["chief"], made=at, since=at, respond_by=t.now + timedelta(days=5),
    )  # fmt: skip
    conduct.Evidence.objects.create(violation=row, capture="01a2150e-cece-7bb2-86d0-6e9539f71918", by=t.people["chief"], at=at)
    unnamed = conduct.Violation.objects.create(
        what="A letter about our street was insulting, from the tenth of March.", source="outside", made=at, since=at
    )
    bar = identity.Bar.objects.create(
        person=t.people["chief"], kind="re-entry", since=at, origin="violation:0",
        reason="Violation 0, P-12.", first=t.people["office"],
    )  # fmt: skip
    return {"violation": row.pk, "unnamed": unnamed.pk, "bar": bar.pk}
