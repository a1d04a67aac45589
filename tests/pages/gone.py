"""What is left of somebody who left: a question to the department, an account that is counted, another door that has not ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from civicmail.city.conduct import models as conduct
from civicmail.city.directory import models as directory
from civicmail.city.identity import models as identity


def gone(t: Any) -> dict[str, Any]:
    """Of crew11, whose access ended two hours ago; the supervisor answers for the badge."""
    works, who = t.departments["public-works"], t.people["crew11"]
    ending = identity.Ending.objects.get(pk=t.objects["ending"])
    box = directory.Mailbox.objects.create(
        address="ruth.meyer@city.example", name=who.display, kind="personal", department=works, holder=who, made=t.now
    )
    directory.Address.objects.create(address=box.address, mailbox=box, person=who, since=t.now)
    leaver = conduct.Leaver.objects.create(ending=ending, mailbox=box, department=works, told=t.now - timedelta(hours=2))
    counted = conduct.Closure.objects.create(
        mailbox=box, department=works, state="counted", since=t.now, asked=t.now, by=t.people["head"], live=1204, size=88_211_004,
        brought=2, listed="7a" * 32, holds=1, reason="Her last cases are closed and handed over.",
    )  # fmt: skip
    door = conduct.OutsideDoor.objects.create(code="badge", name="Badge of City Hall", person=t.people["super"], made=t.now)
    mine = {"door": door, "since": t.now - timedelta(days=90), "by": "p-office"}
    old = conduct.OutsideAccount.objects.create(person=who, episode=ending.episode, login="R-866", **mine)
    crew0 = t.people["crew0"]
    account = conduct.OutsideAccount.objects.create(person=crew0, episode=crew0.episodes.get(), login="D-0042", **mine)
    late = conduct.OutsideEnding.objects.create(
        account=old, ending=ending, key=UUID(int=7), made=t.now - timedelta(days=3), due=t.now - timedelta(days=2),
        overdue=t.now - timedelta(days=2),
    )  # fmt: skip
    return {"leaver": leaver.pk, "closure": counted.pk, "outside ending": late.pk, "outside account": account.pk}
