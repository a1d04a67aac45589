"""The room as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class HoldingConfig(AppConfig):
    """Label "holding"."""

    name = "civicmail.desk.holding"
    label = "holding"
