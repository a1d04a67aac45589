"""Start Django for an installation: web, worker and commands call `start` once, first."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from civicmail.core.disk.lease import Lease, Patience, lease_path

SETTINGS = "civicmail.front.web.settings"

_prepared = False
_missed = False
"""Whether the last try to reach the database failed."""
_began = 0.0
YOUNG = 60.0
"""Seconds."""
_preparing = threading.Lock()


def is_prepared() -> bool:
    """Whether the tables are known to be of this program's version."""
    return _prepared


def begin() -> None:
    """This process serves pages from now on, ready or not."""
    global _began
    _began = time.monotonic()


def is_starting() -> bool:
    """Whether tables are being made or upgraded now. An unavailable database is not a start."""
    return bool(_began) and not _prepared and not _missed


def is_young() -> bool:
    """Whether pages began so lately that other processes, as the index, may not be there yet."""
    return bool(_began) and time.monotonic() - _began < YOUNG


def is_preparing() -> bool:
    """Whether the tables are brought up to this program's version at this moment: that takes seconds on the first start, and may be
    cut short at any moment, because whoever comes next goes on from the last step that was committed."""
    return _preparing.locked() and not _prepared


def start(data: Path, config: Path | None = None) -> None:
    """Configure Django for this data folder; no database query yet."""
    os.environ["CIVICMAIL_DATA"] = str(data)
    if config is not None:
        os.environ["CIVICMAIL_CONFIG"] = str(config.absolute())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    import django

    django.setup()
    from civicmail.front.web import table_changes

    table_changes.watch(data)


def prepare(data: Path, config: Path | None = None, patience: Patience | None = None) -> None:
    """Bring the tables up to this program's version, one process at a time, and once in a process: the first thread does it, the
    others wait for it. patience: where another process does it at this moment. Raises LeaseHeld when that has not done it by then,
    and django.db.OperationalError when the database is not there; then whoever comes next tries again."""
    upgrade(data, config, patience)


def upgrade(
    data: Path, config: Path | None = None, patience: Patience | None = None, *, save: bool = True
) -> list[tuple[str, str]]:
    """Upgrade the tables. Returns the steps done. save: save the old tables first."""
    global _prepared, _missed
    start(data, config)
    from django.db import Error as DatabaseFault

    done: list[tuple[str, str]] = []
    with _preparing:
        if not _prepared:
            try:
                done = _migrate(data, patience, save)
            except DatabaseFault:
                _missed = True
                raise
            _prepared, _missed = True, False
    return done


def _migrate(data: Path, patience: Patience | None, save: bool) -> list[tuple[str, str]]:
    from django.db import connection

    from civicmail.front.web.upgrade import bring_up

    with Lease.take(lease_path(data, "migrate"), patience):
        done = bring_up(data, save=save)
        connection.close()
    from civicmail.front.web.dovecot_auth import secret

    secret(data)  # Dovecot needs it before it asks for the first time
    return done
