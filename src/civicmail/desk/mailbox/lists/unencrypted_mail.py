"""The list of mail that was sent unencrypted although a rule required encryption, for privacy officers (P-19)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from civicmail.city.guard.epoch import from_ms
from civicmail.city.pages.act import Page
from civicmail.city.pages.lists import Column, Filter, List, ListRequest, Number, Operation, Somebody, Texts, Time

if TYPE_CHECKING:
    from civicmail.city.pages.listing import Listing

DAYS = 90
MOST = 5


def _departments() -> list[tuple[str, str]]:
    from civicmail.desk.mailbox.models import SentPlain

    codes = SentPlain.objects.order_by("department").values_list("department", flat=True).distinct()
    return [(code, code or "none") for code in codes]


class UnencryptedMail(List):
    """List mail that was sent unencrypted against a rule, with reasons, newest first.

    A message that rules would have encrypted, and that its sender has sent as it is. rules: that were put aside; copies: how many.
    """

    name, permission = "list_sent_plain", "plain.see"
    page = Page("mail/sent-plain/", "sent-plain")
    operation = Operation("/sent-plain", "read:holding", shape="SentPlainLine")
    model, related = "mailbox.SentPlain", ("person",)
    title, section = "Sent unencrypted", "Encryption"
    caption, noun, sort = "Sent unencrypted", "messages", "-made"
    empty = "Nobody has sent anything unencrypted that a rule would have encrypted."
    columns = (
        Number("id"),
        Time("made", "Sent", hint=lambda p: f"{p.copies} outside", sort=("made",)),
        Somebody("person", "By", sort=("person__family",), name="by"),
        Column("department", "Department", cell=lambda p, _: p.department or "none", sort=("department",), name="department"),
        Column("reason", "Reason", name="reason"),
        Texts("rules", "Rules put aside", lambda p: [name for name in p.rules.split(",") if name], name="rules"),
        Number("copies"),
    )
    filters = (Filter("department", "Department", page_choices=_departments),)

    def facts(self, request: ListRequest, shown: Listing) -> list[tuple[str, Any]]:
        """Sums of the last quarter, by department."""
        from django.db.models import Count, Sum

        since = self.rows(request).filter(made__gte=from_ms(request.now) - timedelta(days=DAYS))
        whole = since.aggregate(n=Count("id"), copies=Sum("copies"))
        facts: list[tuple[str, Any]] = [(f"In {DAYS} days", f"{whole['n']} messages, {whole['copies'] or 0} copies")]
        most = since.values("department").annotate(n=Count("id")).order_by("-n", "department")[:MOST]
        return facts + [(row["department"] or "no department", f"{row['n']} messages") for row in most]


UNENCRYPTED_MAIL = UnencryptedMail()
