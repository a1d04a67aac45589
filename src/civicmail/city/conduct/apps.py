"""The Django app of this room."""

from __future__ import annotations

from django.apps import AppConfig


class ConductConfig(AppConfig):
    """Label "conduct"."""

    name = "civicmail.city.conduct"
    label = "conduct"
