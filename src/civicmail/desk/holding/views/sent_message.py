"""The sent message with waiting files, for its sender: whether it opens, and whether colleagues got it."""

from __future__ import annotations

import uuid

from django.http import Http404

from civicmail.city.pages.city_request import CityRequest
from civicmail.desk.holding.models import Approval
from civicmail.desk.mailbox.views.opened_message import open_message


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
