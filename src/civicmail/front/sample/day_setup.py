"""Set up the sample city for a simulated day: device passwords, and approval of files in every department."""

from __future__ import annotations

from civicmail.city.directory.models import Mailbox
from civicmail.city.guard.models import Account
from civicmail.city.identity.actions import devices
from civicmail.city.identity.actions.publishing import single_publication
from civicmail.desk.holding.actions import switch_approval
from civicmail.front.sample.staff_context import Staff, actor, in_role

_SWITCH = "The sample city asks its managers about files (P-22)."


def sign_in(now: int) -> dict[str, tuple[str, str]]:
    """Address -> login and password of a mail program, for senders. now: epoch ms."""
    boxes = Mailbox.objects.filter(kind="personal", closed__isnull=True).select_related("holder").order_by("pk")
    accounts = {a.person_id: a.username for a in Account.objects.filter(person__isnull=False)}
    logins = {}
    with single_publication():
        for box in boxes:
            if box.holder is None or box.holder.pk not in accounts or not (who := actor(box.holder, now)).admitted:
                continue
            password = devices.make(box.holder, "Mail program", actor=who, now=now)
            logins[box.address] = accounts[box.holder.pk], password
    return logins


def ask_about_files(city: Staff, now: int) -> None:
    """Require approval of files in every department. now: epoch ms."""
    author = in_role(city.named["policy-author"], "policy-author", now)
    for department in city.departments.values():
        switch_approval.switch_on(department, 0, actor=author, reason=_SWITCH, now=now)
