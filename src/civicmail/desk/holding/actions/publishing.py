"""What gateways read about approvals is written anew whenever something of it changes, and looked after by the worker (P-22)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Count, Max

from civicmail.city.access.approved import is_published, publish
from civicmail.city.access.moments import moment, ms
from civicmail.city.policy.approvals import Approvals, Standing
from civicmail.desk.holding.models import ApprovalCopy, AskedDepartment, StandingApproval

GOOD_FOR = timedelta(days=30)
"""So long the same file may go to the same recipient from the same sender without being asked about again."""
OF_APPROVAL = ("parts", "capture", "words", "person__uid", "department__code")
AGAIN_MOST = 5
"""Times that it is written, where somebody says something each time; the worker has the next one."""


def in_force(now: int) -> Approvals:
    """What stands in the tables at this moment."""
    at = moment(now)
    departments = AskedDepartment.objects.filter(since__isnull=False).values_list("department__code", flat=True)
    rows = StandingApproval.objects.filter(ended__isnull=True, until__gt=at).select_related("department").order_by("pk")
    standing = [Standing(f"s{r.pk}", ms(r.until), r.department.code, "", r.mailbox, r.sha256, r.series, r.domain) for r in rows]
    copies = ApprovalCopy.objects.filter(state="approved", at__gt=at - GOOD_FOR).order_by("pk")
    found = copies.values_list("pk", "at", "address", "without", *(f"approval__{name}" for name in OF_APPROVAL))
    for pk, said, address, without, parts, capture, words, who, code in found:  # of a month: no rows are made of it
        until, to = ms(said + GOOD_FOR), address.lower()
        by = {"department": code} if capture and words else {"person": who}  # nobody is known to have sent it
        left = [sha256 for _, _, _, sha256 in parts if sha256 not in without]
        standing += [Standing(f"a{pk}", until, sha256=sha256, address=to, **by) for sha256 in left]
    return Approvals(frozenset(departments), tuple(standing))


def written(now: int) -> bool:
    """Whether it had to be written. Durable on return. Raises OSError. Of two at one moment the one that writes last may know less:
    so whoever has written looks whether something was said meanwhile."""
    assert settings.DATA is not None, "pages have an installation"
    data, changed = Path(settings.DATA), False
    for _ in range(AGAIN_MOST):
        stamp, wanted = _stamp(now), in_force(now)
        if is_published(data, wanted):
            break
        publish(data, wanted)
        changed = True
        if _stamp(now) == stamp:
            break
    return changed


def _stamp(now: int) -> tuple[Any, ...]:
    """Another one whenever something else is in force."""
    at = moment(now)
    copies = ApprovalCopy.objects.filter(state="approved", at__gt=at - GOOD_FOR).aggregate(n=Count("pk"), last=Max("at"))
    standing = StandingApproval.objects.filter(ended__isnull=True, until__gt=at).aggregate(n=Count("pk"), last=Max("pk"))
    asked = AskedDepartment.objects.filter(since__isnull=False).aggregate(n=Count("pk"), last=Max("pk"))
    return (*copies.values(), *standing.values(), *asked.values())
