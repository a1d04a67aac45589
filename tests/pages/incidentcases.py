"""Reported mail of the town: one case of the message that was delivered, and a pull of sixty copies that waits for a second one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from civicmail.desk.incidents.models import Case, Mark, Pull, Pulled, Report
from civicmail.desk.incidents.queries import values
from civicmail.mail.pipeline.fingerprint_reader import fingerprint_of
from pages.post import MESSAGE

WHY = "It asks for passwords in the name of the help desk."


def incidents(t: Any) -> dict[str, Any]:
    """t: with its mail. The officer who asked is not the one who is visited as."""
    marks, capture = fingerprint_of(MESSAGE, ("city.example",)), t.objects["mail delivered"]
    case = Case.objects.create(capture=capture, text=marks.text, sender=marks.author, made=t.now - timedelta(minutes=9))
    Mark.objects.bulk_create(Mark(case=case, kind=kind, value=value) for kind, value in values(marks))
    Report.objects.create(case=case, capture=capture, reporter=t.people["crew0"], how="page", made=t.now - timedelta(minutes=9))
    pull = Pull.objects.create(case=case, total=60, state="asked", by=t.people["admin"], why=WHY, made=t.now - timedelta(minutes=5))
    Pulled.objects.bulk_create(
        Pulled(pull=pull, capture=capture, index=n + 10, mailbox=f"reader{n:02}@city.example") for n in range(60)
    )
    return {"incident": case.pk, "pull": pull.pk}
