"""The Django app of this room."""

from __future__ import annotations

from django.apps import AppConfig


class MailboxConfig(AppConfig):
    """Label "mailbox"."""

    name = "civicmail.desk.mailbox"
    label = "mailbox"
