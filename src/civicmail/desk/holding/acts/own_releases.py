"""Letting mail of one's own go that is kept back, and what was asked for about it (P-02)."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import TYPE_CHECKING

from civicmail.city.guard.actors import Actor
from civicmail.city.pages.act import Operation, OwnAct
from civicmail.city.pages.inputs import Input, Seen, Text
from civicmail.core.config.sentence import Sentence
from civicmail.core.config.sentence import sentence as _

if TYPE_CHECKING:
    from civicmail.desk.holding.actions.release_own import OwnRelease
    from civicmail.desk.holding.models import Release
    from civicmail.desk.holding.own_copies import HeldByOwner


class WantedBack(Input):
    """reason: why it should be let go, where somebody has to be asked; in at least ten characters."""

    reason = Text(
        label=_("Why should it be released?"),
        help=_("At least 10 characters. Say from whom you expect it and what for; officers do not read the message."),
        required=False,
    )


class ReleaseMail(OwnAct["HeldByOwner", WantedBack, "OwnRelease"]):
    """Release a held message of mine: at once if I may, else by request. It is screened again."""

    name, permission, input = "release_mail", "my.mail", WantedBack
    operation = Operation("/mail/{uuid:id}/release", "write:mail", page="mail-release")

    def load(self, id: uuid.UUID, *, actor: Actor, now: int) -> HeldByOwner:
        from civicmail.desk.holding import own_copies
        from civicmail.desk.mailbox.views.opened_message import message_of

        message = message_of(actor, id, now=now)
        return own_copies.held_for(id, frozenset(message.mine.addresses), is_author=message.eye == "author", now=now)

    def required(self, row: HeldByOwner) -> Collection[str]:
        return ("reason",) if row.takes_reason else ()

    def perform(self, row: HeldByOwner, given: WantedBack, *, actor: Actor, now: int) -> OwnRelease:
        from civicmail.desk.holding.actions.release_own import release_own

        return release_own(row, given.reason, actor=actor, now=now)

    def message(self, row: HeldByOwner, done: OwnRelease) -> Sentence:
        if done.request is not None:
            return _("The request was sent. You get the answer by mail, and see it here.")
        if done.released:
            return _("It is on its way to your mailbox, and the filter has learnt from it.")
        return _("It stays: the checks have found something else in it. You can ask for it.")

    def is_success(self, done: OwnRelease) -> bool:
        return done.request is not None or done.released > 0


class RequestSeen(Input):
    """state: as it was read."""

    state = Seen(default="asked")


class WithdrawRelease(OwnAct["Release", RequestSeen, "Release"]):
    """Withdraw a release request."""

    name, permission, input = "withdraw_release", "my.mail", RequestSeen
    operation = Operation("/my/releases/{int:id}/withdraw", "write:mail", page="mail-release")

    model, owner = "holding.Release", "requester__uid"

    def perform(self, row: Release, given: RequestSeen, *, actor: Actor, now: int) -> Release:
        from civicmail.desk.holding.actions import release_requests

        return release_requests.withdraw(row, actor=actor, now=now)

    success_message = _("You do not ask for it any more.")


RELEASE_MAIL, WITHDRAW_RELEASE = ReleaseMail(), WithdrawRelease()
