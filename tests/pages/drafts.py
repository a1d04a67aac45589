"""What Dana has begun to write in the town, and what of hers waits to be sent."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from civicmail.desk.mailbox.models import Draft, DraftFile, Outgoing


def drafts(t: Any) -> dict[str, Any]:
    """Ids by name."""
    dana = t.people["crew0"]
    draft = Draft.objects.create(
        uid=uuid.UUID("0a2150e0-cece-4bb2-86d0-6e9539f71901"), person=dana, mailbox="dana.ortiz@city.example", changed=t.now,
        to="Lena Vogt <lena.vogt@city.example>, ann@paving.example", subject="Closure of Elm Street",
        text="Dear Lena,\n\nthe plan is attached.\n\nDana", quote="On Monday, Lena Vogt wrote:\n> Where is the plan?",
    )  # fmt: skip
    DraftFile.objects.create(draft=draft, name="plan.pdf", kind="pdf", size=9, sha256="4f" * 32, content=b"%PDF-1.4\n")
    given = Draft.objects.create(
        uid=uuid.UUID("0a2150e0-cece-4bb2-86d0-6e9539f71902"), person=dana, mailbox="streets@city.example", changed=t.now,
        to="lena.vogt@city.example", subject="Detour", text="The detour is signed.",
    )  # fmt: skip
    out = Outgoing.objects.create(
        uid=uuid.UUID("0a2150e0-cece-4bb2-86d0-6e9539f71903"), person=dana, draft=given.uid, mailbox=given.mailbox,
        recipients=["lena.vogt@city.example"], content=b"", made=t.now, due=t.now + timedelta(days=1), since=t.now,
    )  # fmt: skip
    return {"my draft": draft.uid, "my outgoing": out.uid}
