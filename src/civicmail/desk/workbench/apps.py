"""The Django app of this room."""

from __future__ import annotations

from django.apps import AppConfig


class WorkbenchConfig(AppConfig):
    """Label "workbench"; its table is that of exports."""

    name = "civicmail.desk.workbench"
    label = "workbench"
