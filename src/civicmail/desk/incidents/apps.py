"""The Django app of this room."""

from __future__ import annotations

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """Label "incidents"."""

    name = "civicmail.desk.incidents"
    label = "incidents"

    def ready(self) -> None:
        """Add this room's tasks to the Home page."""
        from civicmail.city.conduct.queries import tasks
        from civicmail.desk.incidents import tasks as own

        tasks.register(own.tasks)
