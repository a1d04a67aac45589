"""The Django app of this room."""

from __future__ import annotations

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    """Label "records"."""

    name = "civicmail.desk.records"
    label = "records"

    def ready(self) -> None:
        """Add this room's tasks to the Home page."""
        from civicmail.city.conduct.queries import tasks
        from civicmail.desk.records.queries import home_tasks

        tasks.register(home_tasks.tasks)
