"""The Django app of this room."""

from __future__ import annotations

from django.apps import AppConfig


class OversightConfig(AppConfig):
    """Label "oversight"; its tables are the rule book, what auditors do are entries."""

    name = "civicmail.desk.oversight"
    label = "oversight"
