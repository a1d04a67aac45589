"""The room as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """Label "notices"."""

    name = "civicmail.city.notices"
    label = "notices"
