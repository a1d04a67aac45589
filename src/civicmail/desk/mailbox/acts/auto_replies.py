"""Acts on auto-replies of a mailbox (P-06, M5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.resources import Resource
from civicmail.city.pages.act import Act, Operation
from civicmail.city.pages.inputs import Day, Input, Nothing, Text
from civicmail.core.config.sentence import sentence as _

if TYPE_CHECKING:
    from civicmail.city.directory.models import Mailbox
    from civicmail.city.identity.models import AutoReply

_PATH, _PAGE = "/mailboxes/{str:address}/away", "mail-away-of"
_MAX_LENGTH = 4000
_OTHERS = _("What others are answered")


class SharedAutoReply(Input):
    """starts, until: the first and the last day."""

    starts = Day(label=_("From day"))
    until = Day(label=_("Last day"))
    text = Text(label=_("What people of the city are answered"), max_length=_MAX_LENGTH, rows=10)
    outside = Text(
        label=_OTHERS, help=_("Leave it empty to answer nobody outside."), max_length=_MAX_LENGTH, rows=10, required=False
    )


class OwnAutoReply(SharedAutoReply):
    """The same, in words for the holder."""

    outside = Text(
        label=_OTHERS, max_length=_MAX_LENGTH, rows=10, required=False,
        help=_("Leave it empty to answer nobody outside: then strangers do not learn that you are away."),
    )  # fmt: skip


class _OnAutoReply[Given: Input, Done](Act["Mailbox", Given, Done]):
    permission = "reply.set"

    def load(self, address: str, *, actor: Actor, now: int) -> Mailbox:
        from django.shortcuts import get_object_or_404

        from civicmail.city.directory.models import Mailbox

        return get_object_or_404(Mailbox, address=address.strip().lower(), closed__isnull=True)

    def is_hidden(self, row: Mailbox, actor: Actor, now: int) -> bool:
        from civicmail.city.identity.queries.actors import about_mailbox

        return row.kind == type(row).Type.PERSONAL and not about_mailbox(row).is_about(actor)

    def resource(self, row: Mailbox, actor: Actor) -> Resource:
        from civicmail.city.identity.queries.autoreplies import about_answer
        from civicmail.core.config.clock import now_ms

        return about_answer(row, now_ms())


class SetAway(_OnAutoReply[SharedAutoReply, "AutoReply"]):
    """Set an auto-reply for some days, for one's own mailbox, one with send access, or one of one's department."""

    name, input = "set_away", SharedAutoReply
    operation: Operation | None = Operation(_PATH, "write:mail", page=_PAGE)

    def initial(self, row: Mailbox) -> Mapping[str, Any]:
        from django.utils import timezone

        from civicmail.city.identity.queries.autoreplies import current_reply
        from civicmail.city.pages.days import last_day

        reply = current_reply(row.pk, timezone.now())
        if reply is None:
            return {}
        starts, until = timezone.localdate(reply.starts), last_day(reply.until)
        return {"starts": starts, "until": until, "text": reply.text, "outside": reply.outside}

    def perform(self, row: Mailbox, given: SharedAutoReply, *, actor: Actor, now: int) -> AutoReply:
        from civicmail.city.identity.actions import autoreplies
        from civicmail.city.pages.forms import end_of_day, start_of_day

        return autoreplies.set_autoreply(
            row, given.text, outside=given.outside, starts=start_of_day(given.starts), until=end_of_day(given.until), actor=actor,
            reason="away, by the holder" if row.holder else "for a while, from the mailbox of a function", now=now,
        )  # fmt: skip

    def message(self, row: Mailbox, done: AutoReply) -> str:
        from django.utils import timezone
        from django.utils.translation import gettext

        from civicmail.city.pages.days import last_day
        from civicmail.city.pages.wording import day

        text = gettext("Your mailbox answers from {start} until {end}.")
        if row.holder is None:
            text = gettext("{mailbox} answers from {start} until {end}.")
        return text.format(mailbox=row, start=day(timezone.localdate(done.starts)), end=day(last_day(done.until)))


class SetOwnAway(SetAway):
    """Set an auto-reply of one's own mailbox for some days."""

    name, input = "set_own_away", OwnAutoReply
    operation = None


class EndAway(_OnAutoReply[Nothing, "Mailbox"]):
    """Turn an auto-reply off."""

    name, input = "end_away", Nothing
    operation = Operation(f"{_PATH}/end", "write:mail", page=_PAGE)

    def perform(self, row: Mailbox, given: Nothing, *, actor: Actor, now: int) -> Mailbox:
        from civicmail.city.identity.actions import autoreplies

        autoreplies.end_own(row, actor=actor, now=now)
        return row

    def message(self, row: Mailbox, done: Mailbox) -> str:
        return _("Your mailbox answers no more.") if row.holder else _("{mailbox} answers no more.", mailbox=str(row))


SET_AWAY, SET_OWN_AWAY, END_AWAY = SetAway(), SetOwnAway(), EndAway()
