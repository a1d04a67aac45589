"""Data about messages with waiting files that only their sender may see: the subject, and whether colleagues got it."""

from __future__ import annotations

import uuid

from django.http import Http404
from django.utils.translation import gettext

from civicmail.city.guard.actors import Actor
from civicmail.city.pages.city_request import CityRequest
from civicmail.core.query.tree import And, Digits, Tree
from civicmail.desk.holding.models import Approval
from civicmail.desk.mailbox import queries, scope
from civicmail.desk.mailbox.models import Draft
from civicmail.desk.mailbox.views.opened_message import open_message
from civicmail.desk.viewer.queries import store
from civicmail.desk.viewer.store import NotIndexed
from civicmail.mail.search.errors import DamagedIndex
from civicmail.mail.search.search import search


class Subjects:
    """The subjects for one page; each message is looked up in the index once, within the actor's sent mail."""

    def __init__(self, actor: Actor, now: int) -> None:
        self._actor, self._now = actor, now
        self._within: Tree | None = None
        self._known: dict[int, str] = {}

    def subject_of(self, row: Approval) -> str:
        """Empty where the message is not the actor's to read, or not indexed yet."""
        if row.pk not in self._known:
            self._known[row.pk] = self._sent_subject(row.capture) if row.capture else _draft_subject(row)
        return self._known[row.pk]

    def _sent_subject(self, capture: str) -> str:
        if self._within is None:
            self._within = scope.authored(queries.own_mail(self._actor, now=self._now)[1])
        query = And((self._within, Digits("id", uuid.UUID(capture).hex)))
        try:
            hits = search(store().reader(), query, limit=1, scored=False).hits
        except (NotIndexed, DamagedIndex):
            return ""
        return (hits[0].subject or gettext("(no subject)")) if hits else ""


def _draft_subject(row: Approval) -> str:
    draft = Draft.objects.filter(uid=row.draft).first() if row.draft is not None else None
    return (draft.subject or gettext("(no subject)")) if draft is not None else ""


def can_open(request: CityRequest, row: Approval) -> bool:
    """Whether its page opens for its sender: they may have lost the mailbox since, and a draft is no message yet."""
    try:
        return bool(row.capture) and open_message(request, uuid.UUID(row.capture)) is not None
    except Http404:
        return False


def has_colleagues(request: CityRequest, row: Approval) -> bool:
    """Whether people of the city also got the message, without waiting for the decision."""
    if not row.capture:
        return False
    try:
        message = open_message(request, uuid.UUID(row.capture))
    except Http404:
        return False
    return len(message.traced.passages) > row.copies.count()
