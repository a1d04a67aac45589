"""Acts on the search of a request: order it, and settle what could not be searched (P-21)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.pages.act import Act, FormPage, Operation, Page
from civicmail.city.pages.inputs import Choice, Input, PersonName, Seen, Text

if TYPE_CHECKING:
    from civicmail.desk.records.models import Item, Request, Search

_ROUTE, _PATH, _SCOPE = "records/requests/<slug:number>/", "/records/requests/{str:number}", "write:records"


class RequestSeen(Input):
    """state: of the request, as it was read."""

    state = Seen()


class OrderSearch(Act["Request", RequestSeen, "Search"]):
    """Search the whole archive under the agreed scope of a request; each message that is found becomes an item."""

    name, permission, input = "order_record_search", "records.work", RequestSeen
    model, key = "records.Request", "number"
    page = Page(f"{_ROUTE}search/order/", "records-search-order")
    operation = Operation(f"{_PATH}/searches", _SCOPE, status=201)
    success_message = "The search has begun. Its first items can be read as soon as they are listed."

    def perform(self, row: Request, given: RequestSeen, *, actor: Actor, now: int) -> Search:
        from civicmail.desk.records.actions import searches

        return searches.order(row, actor=actor, now=now)

    def button_page(self, row: Request) -> str:
        from django.urls import reverse

        return reverse("records-search", args=[row.number])


class ItemSettlement(Input):
    """fits: yes or no; reason: how it was looked at."""

    fits = Choice(
        label="Is it meant by the request?", radio=True, missing="Choose one of the two.",
        choices=[("yes", "Yes, review it"), ("no", "No")],
    )  # fmt: skip
    reason = Text(label="How was it looked at?", help="In at least 10 characters: read, opened with its password, asked for again.")


class OnItem[Given: Input, Done](Act["Item", Given, Done]):
    """An act on an item of a request."""

    def load(self, number: str, item: int, *, actor: Actor, now: int) -> Item:
        from django.shortcuts import get_object_or_404

        from civicmail.desk.records.models import Item

        return get_object_or_404(Item.objects.select_related("request"), request__number=number, number=item)


class SettleItem(OnItem[ItemSettlement, "Item"]):
    """Say whether an item is meant that could not be searched, after looking at it."""

    name, permission, input = "settle_record_item", "records.review", ItemSettlement
    page = Page(f"{_ROUTE}search/items/<int:item>/", "records-item-settle")
    operation = Operation(f"{_PATH}/items/{{int:item}}/settle", _SCOPE)

    def perform(self, row: Item, given: ItemSettlement, *, actor: Actor, now: int) -> Item:
        from civicmail.desk.records.actions import searches

        return searches.settle(row, given.fits == "yes", given.reason, actor=actor, now=now)

    def message(self, row: Item, done: Item) -> str:
        return f"Item {done.number:06} is settled."

    def form_page(self, row: Item) -> FormPage:
        from civicmail.desk.records.listed_items import TROUBLES

        why = f"This item is {TROUBLES.get(row.trouble, 'searched completely')}."
        then = "A yes adds it to what is reviewed; a no leaves it out, and the affidavit counts it."
        return _item_page(row, f"Settle item {row.number:06}?", "Settle 1 item", [why, then])


class ItemSeen(Input):
    """settled: of the item, as it was read."""

    settled = Seen()


class ReadItemAgain(OnItem[ItemSeen, "Item"]):
    """Have the files of an item read again that could not be searched, with OCR where they are pictures."""

    name, permission, input = "read_record_item_again", "records.review", ItemSeen
    page = Page(f"{_ROUTE}search/items/<int:item>/read-again/", "records-item-read-again")
    operation = Operation(f"{_PATH}/items/{{int:item}}/read-again", _SCOPE)

    def perform(self, row: Item, given: ItemSeen, *, actor: Actor, now: int) -> Item:
        from civicmail.desk.records.actions import searches

        return searches.read_again(row, actor=actor, now=now)

    def message(self, row: Item, done: Item) -> str:
        return f"Item {done.number:06} will be read again. Search again in some minutes to see what it gave."

    def button_page(self, row: Item) -> str:
        from django.urls import reverse

        return reverse("records-search", args=[row.request.number])


class Holder(Input):
    """person: number or address."""

    person = PersonName(label="Whom?", help="Somebody who has the message.")


class AskItemPassword(OnItem[Holder, "Item"]):
    """Ask an employee for the password of a file that could not be searched."""

    name, permission, input = "ask_record_item_password", "records.review", Holder
    page = Page(f"{_ROUTE}search/items/<int:item>/password/", "records-item-password")
    operation = Operation(f"{_PATH}/items/{{int:item}}/password", _SCOPE)

    def perform(self, row: Item, given: Holder, *, actor: Actor, now: int) -> Item:
        from civicmail.desk.records.actions import searches

        return searches.ask_password(row, given.person, actor=actor, now=now)

    def message(self, row: Item, done: Item) -> str:
        return "They were asked by mail. Their answer comes to the records mailbox."

    def form_page(self, row: Item) -> FormPage:
        had = f"These mailboxes had the message: {', '.join(row.holders) or 'none of the city'}."
        how = "The mail has a link to the message, and does not name the file."
        return _item_page(row, "Ask for a password", "Ask 1 person", [had, how])


ORDER_SEARCH, SETTLE_ITEM, READ_ITEM_AGAIN, ASK_ITEM_PASSWORD = OrderSearch(), SettleItem(), ReadItemAgain(), AskItemPassword()
ACTS: tuple[Act[Any, Any, Any], ...] = (ORDER_SEARCH, SETTLE_ITEM, READ_ITEM_AGAIN, ASK_ITEM_PASSWORD)


def _item_page(row: Item, title: str, submit: str, effects: list[str]) -> FormPage:
    from django.urls import reverse

    from civicmail.desk.records.views import request_page

    back = reverse("records-search", args=[row.request.number])
    head = request_page.page(row.request, title, here=[("Search", back)])
    return FormPage(title=title, section=head.section, crumbs=head.crumbs, submit=submit, back=back, effects=effects)
