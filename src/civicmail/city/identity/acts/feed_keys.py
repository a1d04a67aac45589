"""Acts on tokens of identity providers and on mappings of personnel lists (P-08, S1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from civicmail.city.guard.actors import Actor
from civicmail.city.pages.act import Act, Command, FormPage, Page
from civicmail.city.pages.inputs import Because, Input, Number, Text, reason

if TYPE_CHECKING:
    from civicmail.city.directory.models import FeedKey, FeedMapping

_SECTION = "Personnel feed"
_KEYS, _MAPPINGS = ("Tokens", "feed-keys"), ("Mappings", "feed-maps")


class FeedKeyToMake(Input):
    """The program and the lifetime of a new token."""

    name = Text(label="Which program is it for?", max_length=80, rows=1)
    days = Number(label="For how many days?", help="At most 366. Make the next one before.", minimum=1, default=180)
    reason = reason()


class NewFeedKey(NamedTuple):
    """A token with its name, shown once."""

    name: str
    secret: str


class MakeFeedKey(Act[None, FeedKeyToMake, NewFeedKey]):
    """Make a SCIM token for an identity provider, and print it once."""

    name, permission, input = "make_feed_key", "feed.key", FeedKeyToMake
    command = Command("people provider", positions=("name",), personal=True, tables=True, json=True)

    def perform(self, given: FeedKeyToMake, *, actor: Actor, now: int) -> NewFeedKey:
        from civicmail.city.identity.actions import feedkeys

        return NewFeedKey(given.name, feedkeys.make(given.name, days=given.days, actor=actor, reason=given.reason, now=now))

    def note(self, row: None, done: NewFeedKey) -> str:
        return "This token is shown once. The address of the provider's requests ends in /scim/v2:"

    def line(self, row: None, done: NewFeedKey) -> str:
        return done.secret

    def as_json(self, done: NewFeedKey) -> Mapping[str, Any]:
        return {"name": done.name, "token": done.secret}

    def form_page(self) -> FormPage:
        note = "Whoever has the token can add and end people, never give anybody access."
        return _form_page(_KEYS, "Let a program say who works here", "Make the token", note=note)


class EndFeedKey(Act["FeedKey", Because, "FeedKey"]):
    """End a token; the program that has it is refused."""

    name, permission, input = "end_feed_key", "feed.key", Because
    page = Page("access/feeds/providers/<int:pk>/end/", "feed-key-end")
    model = "directory.FeedKey"

    def perform(self, row: FeedKey, given: Because, *, actor: Actor, now: int) -> FeedKey:
        from civicmail.city.identity.actions import feedkeys

        feedkeys.end(row, actor=actor, reason=given.reason, now=now)
        return row

    def message(self, row: FeedKey, done: FeedKey) -> str:
        return f"{row.name} is not heard any more."

    def form_page(self, row: FeedKey) -> FormPage:
        return _form_page(
            _KEYS, f"End the token of {row.name}?", "End 1 token",
            effects=["The program is refused at its next request.", "People who leave are not ended by it any more."],
            stays=["People stay as they are."], stop=True,
        )  # fmt: skip


class ForgetMapping(Act["FeedMapping", Because, None]):
    """Forget what the columns of a kind of file mean; the next such file is asked about again."""

    name, permission, input = "forget_mapping", "feed.map", Because
    page = Page("access/feeds/mappings/<slug:name>/forget/", "feed-map-forget")
    model, key = "directory.FeedMapping", "name"
    success_message = "The mapping is forgotten."

    def perform(self, row: FeedMapping, given: Because, *, actor: Actor, now: int) -> None:
        from civicmail.city.identity.actions import feedmaps

        feedmaps.delete_mapping(row, actor=actor, reason=given.reason, now=now)

    def form_page(self, row: FeedMapping) -> FormPage:
        effects = [f"{theirs} is read as {ours}." for theirs, ours in sorted(row.columns.items())]
        return _form_page(
            _MAPPINGS, f"Forget the mapping {row.name}?", "Forget 1 mapping",
            effects=["The next file with this first line is asked about again.", *effects],
            stays=["Lists that were read stay as they are."],
        )  # fmt: skip


def _form_page(above: tuple[str, str], title: str, submit: str, **more: Any) -> FormPage:
    """above: name of the list that it leads back to, and of its URL."""
    from django.urls import reverse

    back = reverse(above[1])
    crumbs = [(_SECTION, reverse("feeds")), (above[0], back)]
    return FormPage(title=title, section=_SECTION, submit=submit, back=back, crumbs=crumbs, **more)


MAKE_FEED_KEY, END_FEED_KEY, FORGET_MAPPING = MakeFeedKey(), EndFeedKey(), ForgetMapping()
