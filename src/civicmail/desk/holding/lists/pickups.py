"""The list of one's encrypted messages in the pick-up portal (P-19)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from civicmail.city.guard.resources import OfPerson, Resource
from civicmail.city.pages.act import Page
from civicmail.city.pages.lists import Column, Filter, List, ListRequest, State, Time
from civicmail.city.pages.states import choices
from civicmail.core.config.sentence import sentence as _
from civicmail.desk.holding.pickup_states import WORDS

if TYPE_CHECKING:
    pass


class EncryptedMail(List):
    """List one's messages that readers pick up, newest first."""

    name, permission, translated = "list_secure_mail", "my.mail", True
    page = Page("mail/secure/", "secure-mail")
    model = "holding.PickUp"
    title, section, crumbs = _("Messages that are picked up"), _("Encrypted mail"), [(_("My mail"), "my-mail")]
    caption, noun, sort = _("Messages that are picked up"), _("messages"), "-made"
    empty = _("No message of yours waits in the pick-up portal. Write [secure] in a subject, and it leaves encrypted.")
    columns = (
        Column("to", _("For"), link=("secure-one",), full=True, sort=("to",)),
        State("state", _("State"), words=WORDS, sort=("state",)),
        Time("made", _("Sent"), sort=("made",), name=_("sent")),
        Time("until", _("Here until"), sort=("until",), name=_("until")),
    )
    filters = (Filter("state", _("State"), choices=choices(WORDS)),)

    def resource(self, request: ListRequest) -> Resource:
        return OfPerson(request.actor.uid)

    def rows(self, request: ListRequest) -> Any:
        return super().rows(request).filter(person__uid=request.actor.uid)


ENCRYPTED_MAIL = EncryptedMail()
