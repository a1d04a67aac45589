"""The Django app of this room."""

from __future__ import annotations

from django.apps import AppConfig


class HoldingConfig(AppConfig):
    """Label "holding"."""

    name = "civicmail.desk.holding"
    label = "holding"

    def ready(self) -> None:
        """Register the tasks of managers and officers, and who decides on what people sent."""
        from civicmail.city.conduct.queries import tasks
        from civicmail.desk.holding import tasks as own
        from civicmail.desk.holding.views import decided_files, sent_decisions
        from civicmail.desk.mailbox import pending_decisions, sent_history

        tasks.register(own.tasks)
        tasks.register(own.officer_tasks)
        pending_decisions.register(sent_decisions.decisions)
        pending_decisions.register_approvers(sent_decisions.file_approvers)
        sent_history.register(decided_files.history)
