"""The installation that these pages are about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from civicmail.core.config.errors import ConfigError, LaterError
from civicmail.core.disk.errors import DamagedFile
from civicmail.front.web.system.examined import Examiner, examiner
from civicmail.front.web.system.waiting import Line, waiting


def data() -> Path:
    """Its folder. Raises ConfigError where Django knows none."""
    if settings.DATA is None:
        raise ConfigError("These pages have no data folder.")
    return settings.DATA


def checks() -> Examiner:
    """The checks of its health."""
    return examiner(data(), settings.CITY)


def who_waits(now: int) -> list[Line]:
    """Every recipient who waits or is held, oldest mail first. now: ms. Raises LaterError where it cannot be told."""
    with told():
        return waiting(data(), settings.CITY).lines(now)


@contextmanager
def told() -> Iterator[None]:
    """What is damaged, or lacks its key, is a sentence on the page that says what to do, and no bug."""
    try:
        yield
    except (DamagedFile, ConfigError) as error:
        raise LaterError(str(error)) from error
