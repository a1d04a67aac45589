"""The list of essential mailboxes, which non-response never suspends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from civicmail.city.guard.resources import CITY
from civicmail.city.pages.act import Page
from civicmail.city.pages.lists import Column, Link, List, ListRequest, Number, Operation, Time


class EssentialMailboxes(List):
    """List essential mailboxes, newest first.

    A mailbox that silence never shuts.
    """

    name, permission = "list_essential", "reviews.see"
    page = Page("access/campaigns/essential/", "essential")
    operation = Operation("/essential", "read:conduct", shape="EssentialBox")
    model, related = "conduct.Essential", ("mailbox",)
    title, section, crumbs = "Essential mailboxes", "Access office", [("Access reviews", "campaigns")]
    links = (Link("Mark a mailbox…", "essential-new", permission="review.run", primary=True),)
    caption, noun, sort = "Essential mailboxes", "mailboxes", "address"
    empty = "No mailbox is marked. Mark what the city cannot do without for an hour."
    columns = (
        Number("id"),
        Column("mailbox", "Mailbox", "mailbox.address", full=True, sort=("mailbox__address",), alias="address"),
        Column("reason", "Why"),
        Time("since", "Since", "at", sort=("at",), name="since"),
    )

    def rows(self, request: ListRequest) -> Any:
        return super().rows(request).filter(ended__isnull=True)

    def page_columns(self, request: ListRequest) -> Sequence[Column]:
        """The columns of the page: people who run reviews see the end of a mark beside its mailbox."""
        from civicmail.city.guard.queries import four_eyes

        first, *others = super().page_columns(request)
        runs = four_eyes.may(request.actor, "review.run", CITY, now=request.now)
        return [replace(first, link=("essential-end",)) if runs else first, *others]


ESSENTIAL_MAILBOXES = EssentialMailboxes()
