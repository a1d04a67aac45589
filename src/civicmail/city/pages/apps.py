"""Register the room with Django, which looks for its templates."""

from __future__ import annotations

from django.apps import AppConfig


class PagesConfig(AppConfig):
    """Has no tables."""

    name = "civicmail.city.pages"
    label = "pages"
