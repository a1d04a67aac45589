"""Register the room with Django, which looks for its templates."""

from __future__ import annotations

from django.apps import AppConfig


class PagesConfig(AppConfig):
    """A Django app without tables."""

    name = "civicmail.city.pages"
    label = "pages"
