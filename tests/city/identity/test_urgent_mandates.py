"""What cannot wait: a fresh proof, four hours, and a second person by the next working day (P-16; E4)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from city.identity.cases import APP, AUDITOR, EXA, HANK, HOUR, OFFICER, WHY, actor, entered
from city.identity.cases import quiet as quiet
from city.identity.staff import MS
from civicmail.city.directory.models import Person
from civicmail.city.guard import examination_grounds
from civicmail.city.guard.actions import protections
from civicmail.city.guard.epoch import DAY_MS, epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted
from civicmail.city.guard.mandate_request import MandateRequest
from civicmail.city.guard.models import Mandate
from civicmail.city.identity.actions import content_views, mandate_amendments, urgent_mandates
from civicmail.city.identity.actions.date_sweep import sweep
from civicmail.city.identity.queries import home_tasks
from civicmail.city.identity.queries import mandates as found

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet")]


def _urgent(now: int = MS, proved: int = MS) -> Mandate:
    wanted = MandateRequest(("wendy",), reason=WHY)
    return urgent_mandates.ask_urgent("examination", "examiner", wanted, stepped_up=from_ms(proved), actor=EXA, now=now)


@pytest.mark.rule("P-16, E4", "An urgent examination requires a fresh sign-in, and lasts four hours.")
def test_what_is_urgent_takes_a_fresh_proof_and_lasts_four_hours() -> None:
    """It is an entry and an open item for auditors at once."""
    for proved in (MS - 300_000, MS + 1):
        with pytest.raises(NotPermitted, match="Prove"):
            _urgent(proved=proved)
    with pytest.raises(NotPermitted, match="second person"):
        urgent_mandates.ask_urgent(
            "examination",
            examination_grounds.HEAD,
            MandateRequest(("wendy",), reason=WHY),
            stepped_up=from_ms(MS),
            actor=HANK,
            now=MS,
        )
    row = _urgent()
    assert (row.state, epoch_ms(row.until)) == ("urgent", MS + 4 * HOUR)
    assert [e.reason for e in entered("mandate.urgent")] == [WHY]
    assert list(found.unratified(AUDITOR)) == [row]
    assert list(found.unratified(actor("wendy", "auditor"))) == [], "nobody hears that it is about them"
    assert [(t.label, t.state) for t in home_tasks._looking(AUDITOR, MS)] == [("See what was urgent", ("warn", "1 to ratify"))]
    assert [(t.label, t.state) for t in home_tasks._looking(APP, MS)] == [("Decide about looking at mail", ("wait", "1 waits"))]
    assert home_tasks._looking(EXA, MS) == home_tasks._looking(actor("wendy", "auditor", "examination-approver"), MS) == []
    made = found.to_mandate(row)
    content_views.under(made, "content.show", actor=EXA, facts={}, now=MS + 4 * HOUR - 1)
    with pytest.raises(NotPermitted, match="not in force"):
        content_views.under(made, "content.show", actor=EXA, facts={}, now=MS + 4 * HOUR)
    row.refresh_from_db()
    with pytest.raises(Conflict, match="urgent"):
        mandate_amendments.amend(row, MandateRequest(("wendy", "carl"), reason=WHY), actor=EXA, now=MS + 1)


@pytest.mark.rule("P-16, E4", "An urgent examination that is not ratified by the end of the next working day is a finding.")
def test_an_urgent_one_is_ratified_by_the_next_working_day_or_it_is_a_finding(settings) -> None:  # type: ignore[no-untyped-def]
    """MS is a Monday at noon, six in the morning in Chicago; Tuesday is a holiday here."""
    settings.CITY = replace(settings.CITY, oversight=replace(settings.CITY.oversight, holidays=["2026-03-03"]))
    ratified, late = _urgent(), _urgent()
    assert late.ratify_by is not None
    due = epoch_ms(late.ratify_by)
    assert late.ratify_by.isoformat() == "2026-03-05T00:00:00-06:00"
    with pytest.raises(NotPermitted):
        urgent_mandates.ratify(ratified, actor=actor("hank", "examination-approver"), reason="it could not wait", now=MS + DAY_MS)
    assert found.waiting_for(APP, MS + DAY_MS).urgent == [ratified, late]
    urgent_mandates.ratify(ratified, actor=APP, reason="it could not wait", now=MS + DAY_MS)
    sweep(due - 1)
    assert not entered("mandate.finding")
    sweep(due)
    said = [(finding.object, finding.facts["why"], finding.person) for finding in entered("mandate.finding")]
    assert said == [(f"mandate:{late.number}", "overdue", "tick")]
    assert sweep(due).findings == 0
    late.refresh_from_db()
    assert list(found.unratified(AUDITOR)) == [late]
    with pytest.raises(Conflict):
        urgent_mandates.ratify(late, actor=APP, reason="it could not wait", now=due)


def test_an_urgent_one_that_is_rejected_ends_at_once_and_is_a_finding() -> None:
    """E4."""
    row = _urgent()
    made = found.to_mandate(row)
    urgent_mandates.reject(row, actor=APP, reason="this could have waited", now=MS + HOUR)
    assert [e.facts["why"] for e in entered("mandate.finding")] == ["rejected"]
    with pytest.raises(NotPermitted, match="not in force"):
        content_views.under(made, "content.show", actor=EXA, facts={}, now=MS + HOUR)


def test_protected_mail_is_never_urgent() -> None:
    protections.protect("personnel", Person.objects.get(uid="wendy"), actor=OFFICER, reason="works in human resources", now=MS)
    with pytest.raises(NotPermitted, match="Protected"):
        _urgent()
    assert not Mandate.objects.exists()
