"""What gateways read about approvals is written anew whenever something of it changes, and looked after by the worker (P-22)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from django.conf import settings

from civicmail.city.access.approved import publish, read
from civicmail.city.access.moments import moment, ms
from civicmail.city.policy.approvals import Approvals, Standing
from civicmail.desk.holding.models import ApprovalCopy, AskedDepartment, StandingApproval

GOOD_FOR = timedelta(days=30)
"""So long the same file may go to the same recipient from the same sender without being asked about again."""


def in_force(now: int) -> Approvals:
    """What stands in the tables at this moment."""
    at = moment(now)
    departments = AskedDepartment.objects.filter(since__isnull=False).values_list("department__code", flat=True)
    rows = StandingApproval.objects.filter(ended__isnull=True, until__gt=at).select_related("department").order_by("pk")
    standing = [Standing(f"s{r.pk}", ms(r.until), r.department.code, "", r.mailbox, r.sha256, r.series, r.domain) for r in rows]
    copies = ApprovalCopy.objects.filter(state="approved", at__gt=at - GOOD_FOR).select_related("approval__person").order_by("pk")
    for copy in copies:
        assert copy.at is not None
        until, who = ms(copy.at + GOOD_FOR), copy.approval.person.uid
        standing += [
            Standing(f"a{copy.pk}", until, person=who, sha256=sha256, address=copy.address.lower())
            for _, _, _, sha256 in copy.parts
        ]
    return Approvals(frozenset(departments), tuple(standing))


def written(now: int) -> bool:
    """Whether it had to be written. Durable on return. Raises OSError."""
    assert settings.DATA is not None, "pages have an installation"
    data, wanted = Path(settings.DATA), in_force(now)
    try:
        there = read(data)
    except ValueError:
        there = None
    if there == wanted:
        return False
    publish(data, wanted)
    return True
