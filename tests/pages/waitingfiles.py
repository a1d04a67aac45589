"""Files of the town that wait for a manager, some of a deputy's own, a standing approval, and a department that is asked."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import Any

from civicmail.desk.holding.models import Approval, ApprovalCopy, AskedDepartment, StandingApproval

FILE = b"bittern-in-the-file"


def leaving(t: Any) -> dict[str, Any]:
    """Ids by name. The message is one that the archive holds."""
    row = _row(t, "crew0", t.objects["mail held"], subject="Plan of the bridge", names=["bridge.pdf"])
    own = _row(t, "deputy", t.objects["mail delivered"], own=True, sampled=True, state="approved", by="deputy")
    standing = StandingApproval.objects.create(
        department=t.departments["public-works"], series="agenda-*.pdf", domain="acme.example", used=14,
        reason="The agenda of each week is public.", by=t.people["head"], made=t.now, until=t.now + timedelta(days=90),
    )  # fmt: skip
    AskedDepartment.objects.create(
        department=t.departments["public-works"], since=t.now, by=t.people["author"], asked=t.now, forecast=34,
        reason="The council wants it for public works first.",
    )  # fmt: skip
    return {"approval": row.pk, "approval own": own.pk, "standing": standing.pk}


def _row(t: Any, key: str, capture: str, state: str = "waits", by: str = "", **more: Any) -> Approval:
    row = Approval.objects.create(
        capture=capture, person=t.people[key], department=t.departments["public-works"], received=t.now, made=t.now, since=t.now,
        ends=t.now + timedelta(days=3), parts=[["1.2", "file", len(FILE), sha256(FILE).hexdigest()]], **more,
    )  # fmt: skip
    answered = {"by": t.people[by], "at": t.now, "done": t.now, "reason": "It is public."} if by else {}
    for index, address in enumerate(("ann@acme-paving-and-bridges.example", "plans@dot.example")):
        ApprovalCopy.objects.create(approval=row, index=index, address=address, state=state, **answered)
    return row
