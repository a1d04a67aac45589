"""Acts on mailboxes that a review never shuts by silence: mark one, remove the mark (P-05; R11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from civicmail.city.conduct.acts.review_campaigns import ReviewReason
from civicmail.city.guard.actors import Actor
from civicmail.city.pages.act import Act, FormPage, Operation, Page
from civicmail.city.pages.inputs import Email, Input, reason

if TYPE_CHECKING:
    from civicmail.city.conduct.models import Essential

_SCOPE = "write:reviews"


class MailboxToMark(Input):
    """address: of a mailbox in use."""

    address = Email(label="Address of the mailbox")
    reason = reason("Why can the city not do without it?", "", min_length=10)


class MarkEssential(Act[None, MailboxToMark, "Essential"]):
    """Mark a mailbox as essential."""

    name, permission, input = "mark_essential", "review.run", MailboxToMark
    page = Page("access/campaigns/essential/new/", "essential-new")
    operation = Operation("/essential", _SCOPE, status=201)

    def perform(self, given: MailboxToMark, *, actor: Actor, now: int) -> Essential:
        from civicmail.city.conduct.actions import essential_mailboxes

        return essential_mailboxes.mark(given.address, actor=actor, reason=given.reason, now=now)

    def message(self, row: None, done: Essential) -> str:
        return f"{done.mailbox} is never shut by silence."

    def form_page(self) -> FormPage:
        return _page("Mark an essential mailbox", "Mark this mailbox", [])


class UnmarkEssential(Act["Essential", ReviewReason, "Essential"]):
    """Remove the mark."""

    name, permission, input = "unmark_essential", "review.run", ReviewReason
    model, related = "conduct.Essential", ("mailbox",)
    page = Page("access/campaigns/essential/<int:pk>/end/", "essential-end")
    operation = Operation("/essential/{int:id}/end", _SCOPE)

    def perform(self, row: Essential, given: ReviewReason, *, actor: Actor, now: int) -> Essential:
        from civicmail.city.conduct.actions import essential_mailboxes

        essential_mailboxes.unmark(row, actor=actor, reason=given.reason, now=now)
        return row

    def message(self, row: Essential, done: Essential) -> str:
        return f"{row.mailbox} is like others."

    def form_page(self, row: Essential) -> FormPage:
        effects = ["Silence in a review may suspend who uses it, as with any other mailbox."]
        return _page(f"Remove the mark of {row.mailbox}?", "Remove 1 mark", effects)


def _page(title: str, submit: str, effects: list[str]) -> FormPage:
    from django.urls import reverse

    back = reverse("essential")
    return FormPage(
        title=title, section="Access office", submit=submit, back=back, crumbs=[("Essential mailboxes", back)], effects=effects
    )


MARK_ESSENTIAL, UNMARK_ESSENTIAL = MarkEssential(), UnmarkEssential()
