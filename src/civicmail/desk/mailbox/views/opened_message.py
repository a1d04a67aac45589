"""Load one message of one's own for each of its pages, with the kind of view; 404 for every other message."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.permits import Permit
from civicmail.city.pages.city_request import CityRequest as Request
from civicmail.desk.mailbox import queries, scope
from civicmail.desk.mailbox.delivery_outcomes import copy_outcomes, own_states
from civicmail.desk.mailbox.scope import OwnMail, ViewKind
from civicmail.desk.viewer.queries import store
from civicmail.mail.archive.envelopes import MessageTrace, trace_of
from civicmail.mail.archive.places import Place
from civicmail.mail.archive.reading import Archive
from civicmail.mail.archive.records import Capture


@dataclass(frozen=True, slots=True)
class OpenedMessage:
    """permit opens it; traced: envelope and history, of which a recipient may see only their own copy."""

    archive: Archive
    permit: Permit
    mine: OwnMail
    place: Place
    capture: Capture
    traced: MessageTrace
    eye: ViewKind

    @property
    def states(self) -> list[str]:
        """States of the copies for the person's addresses."""
        return own_states(copy_outcomes(self.traced.passages), self.mine.addresses)

    @property
    def id(self) -> str:
        return self.capture.uuid

    def links(self) -> list[tuple[str, str]]:
        """The other pages about this message."""
        pages = (("mail-delivery", gettext("Delivery")), ("mail-thread", gettext("Conversation")))
        return [(words, reverse(name, args=[self.id])) for name, words in pages]


def open_message(request: Request, id_: uuid.UUID) -> OpenedMessage:
    """Load as message_of, for the actor of the request."""
    return message_of(request.actor, id_, now=epoch_ms(request.now))


def message_of(actor: Actor, id_: uuid.UUID, *, now: int) -> OpenedMessage:
    """Load the message. Raises Http404 for an unknown message and for another's alike, NotPermitted, NotRecorded."""
    permit, mine = queries.own_mail(actor, now=now)
    archive = store().archive()
    place = archive.place(id_.bytes)
    if place is None or not mine.boxes:
        raise Http404
    capture = archive.capture(permit, place)
    traced = trace_of(capture, archive.events(permit, place.id))
    eye = scope.view_kind(capture, mine, opened="delivered" in own_states(copy_outcomes(traced.passages), mine.addresses))
    if eye is None:
        raise Http404
    return OpenedMessage(archive, permit, mine, place, capture, traced, eye)


def crumbs() -> list[tuple[str, str]]:
    return [(gettext("My mail"), reverse("my-mail"))]
