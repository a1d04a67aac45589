"""The Django app of this room."""

from __future__ import annotations

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """Label "access"."""

    name = "civicmail.city.identity"
    label = "access"
