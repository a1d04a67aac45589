"""What a report names is there as long as somebody may have to answer to it (P-30; V1)."""

from __future__ import annotations

from pathlib import Path

import pytest

from city.conduct import cases_of_violations as cases
from city.conduct.cases_of_violations import CAPTURE, HEAD, ONE, WEEK, WHY, said
from city.identity.staff import MS
from civicmail.city.conduct.actions import consequences, findings, violation_reports
from civicmail.city.guard.epoch import DAY_MS
from civicmail.city.guard.models import Entry
from civicmail.core.disk.errors import LeaseHeld
from civicmail.core.query.tree import Among
from civicmail.desk.holding.actions import evidence_holds
from civicmail.mail.archive import holds
from civicmail.mail.archive.store import Store

pytestmark = pytest.mark.django_db
OTHER = CAPTURE[:-1] + "0"


def held(data: Path) -> list[tuple[str, int]]:
    """(scope, captures) of each hold in force."""
    return [(h.scope, len(h.tree.ids)) for h in holds.in_force(Store(data)) if isinstance(h.tree, Among)]


@pytest.mark.rule(
    "P-23, P-30, V1",
    "Evidence of a report outlasts its schedule until the case is over and can no longer be appealed.",
)
def test_evidence_is_held_until_nobody_can_appeal(installed: Path) -> None:
    """From the report on, with what is added, and not a day longer; each time with an entry."""
    cases.town()
    assert evidence_holds.reconcile(MS) == 0
    row = cases.reported()
    scope = f"{evidence_holds.SCOPE}{row.pk}"
    assert (evidence_holds.reconcile(MS), evidence_holds.reconcile(MS)) == (1, 0) and held(installed) == [(scope, 1)]
    violation_reports.add_evidence(row, OTHER, actor=HEAD, reason="The same list again.", now=MS)
    assert evidence_holds.reconcile(MS) == 2 and held(installed) == [(scope, 2)]
    row = findings.ask_response(row, actor=HEAD, now=MS)
    row = findings.find(row, "confirm", actor=HEAD, reason=WHY, now=MS + WEEK)
    consequences.decide(row, said("warning"), actor=ONE, now=MS + WEEK)
    assert evidence_holds.reconcile(MS + WEEK + 30 * DAY_MS - 1) == 0 and held(installed) == [(scope, 2)]
    assert evidence_holds.reconcile(MS + WEEK + 30 * DAY_MS) == 1 and held(installed) == []
    acts = Entry.objects.filter(object=f"violation:{row.pk}", act__startswith="hold.").order_by("id").values_list("act", flat=True)
    assert list(acts) == ["hold.placed", "hold.placed", "hold.lifted", "hold.lifted"]


def test_what_was_found_to_be_nothing_is_let_go_at_once(installed: Path) -> None:
    """P-23, P-30, V1."""
    cases.town()
    row = cases.reported()
    evidence_holds.reconcile(MS)
    findings.find(row, "dismiss", actor=HEAD, reason=WHY, now=MS)
    assert evidence_holds.reconcile(MS + 1) == 1 and held(installed) == []


@pytest.mark.rule("P-23, P-30", "Evidence is held within a minute of the case that names it, while the city is served.")
def test_a_loop_holds_evidence_as_soon_as_a_case_names_it_and_asks_the_archive_for_nothing_else(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It took ten minutes, in which a schedule could remove it. What failed is tried in the next round."""
    cases.town()
    keeper, asked = evidence_holds.HoldReconciler(), list[int]()
    standing = holds.load

    def counted(data: Path) -> list[holds.Hold]:
        asked.append(1)
        if len(asked) == 1:
            raise LeaseHeld("somebody disposes")
        return standing(data)

    monkeypatch.setattr(evidence_holds.holds, "load", counted)
    row = cases.reported()
    assert (keeper.step(MS), keeper.step(MS + 1)) == (0, 1) and len(held(installed)) == 1
    assert keeper.step(MS + 2) == 0 and len(asked) == 2
    violation_reports.add_evidence(row, OTHER, actor=HEAD, reason="The same list again.", now=MS)
    assert keeper.step(MS + 3) == 2 and held(installed) == [(f"{evidence_holds.SCOPE}{row.pk}", 2)]
    assert keeper.step(MS + 3 + evidence_holds.RECHECK_AFTER_MS) == 0 and len(asked) == 4
