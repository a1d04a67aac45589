"""The room as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class MailboxConfig(AppConfig):
    """Label "mailbox"."""

    name = "civicmail.desk.mailbox"
    label = "mailbox"
