"""What waits at the desks of the sample city: a few of everything, by the verbs that pages use."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from civicmail.city.conduct.models import Closure
from civicmail.city.snapshot.published_snapshot import snapshot_path
from civicmail.city.snapshot.snapshot_file import decode
from civicmail.core.config.clock import now_ms
from civicmail.desk.holding import queries
from civicmail.desk.holding.models import (
    Approval,
    ApprovalCopy,
    AskedDepartment,
    Containment,
    Contest,
    Finding,
    Release,
    StandingApproval,
    Verification,
)
from civicmail.desk.incidents.models import Case
from civicmail.desk.oversight.models import Version
from civicmail.front.sample.conduct import conduct
from civicmail.front.sample.pending_work import fill
from civicmail.front.sample.people import DEMO
from civicmail.front.sample.staff import populate

CHECKS = ["spam", "files", "links", "names", "confidential", "use"]
"""All that ask no name server."""


@pytest.mark.django_db(transaction=True)
def test_the_demos_desks_have_a_few_of_everything(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Issues 7 and 8: whoever opens the demo finds each desk at work, and all of it is real mail that rules have decided about."""
    monkeypatch.setenv("CIVICMAIL__SCREENING__CHECKS", json.dumps(CHECKS))
    now = now_ms()
    city = populate(now, DEMO)
    conduct(city, now)
    kept = fill(installed, city, decode(snapshot_path(installed).read_bytes()), now)

    assert kept >= 50
    assert {*ApprovalCopy.objects.values_list("state", flat=True)} == {"waits", "approved", "expired"}
    assert Approval.objects.filter(own=True, copies__state="waits").exists()
    assert [row.since is None for row in AskedDepartment.objects.order_by("pk")] == [False, True]
    assert StandingApproval.objects.count() == 1 and Approval.objects.filter(draft__isnull=False).count() == 1
    rules = Counter(rule for copy in queries.copies(now) for rule in copy.rules)
    assert {"executable", "file-waits", "first-file", "contained"} <= rules.keys(), rules
    assert list(Case.objects.order_by("pk").values_list("state", flat=True)) == ["open", "genuine"]
    assert Case.objects.get(state="open").reports.count() == 3
    assert Containment.objects.get().state == "held"
    assert Finding.objects.get().rule == "use-political-bulk"
    assert Release.objects.get().state == "asked" and Contest.objects.get().answer == ""
    assert Verification.objects.get().state == "asked" and Closure.objects.get().state == "counting"
    assert set(Version.objects.filter(number=2).values_list("rule", "state")) == {
        ("first-file", "active"), ("code-picture", "proposed")
    }  # fmt: skip
