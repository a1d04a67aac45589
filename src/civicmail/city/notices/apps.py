"""The Django app of this room."""

from __future__ import annotations

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """Label "notices"."""

    name = "civicmail.city.notices"
    label = "notices"
