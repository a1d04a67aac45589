"""The installation that these pages are about."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from civicmail.core.config.errors import ConfigError
from civicmail.desk.viewer.queries import damage_as_later
from civicmail.front.web.system.check_runner import CheckRunner, examiner
from civicmail.front.web.system.waiting_copies import Line, waiting


def data() -> Path:
    """Its folder. Raises ConfigError where Django knows none."""
    if settings.DATA is None:
        raise ConfigError("These pages have no data folder.")
    return settings.DATA


def checks() -> CheckRunner:
    """The checks of its health."""
    return examiner(data(), settings.CITY)


def waiting_copies(now: int) -> list[Line]:
    """All waiting and held copies, oldest first. now: epoch ms. Raises LaterError if unavailable."""
    with damage_as_later():
        return waiting(data(), settings.CITY).lines(now)
