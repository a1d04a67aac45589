"""Starting Django for an installation: whoever needs people's side (web, worker, CLI) calls `start` once, first."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from civicmail.core.disk.lease import Lease, Patience, lease_path

SETTINGS = "civicmail.front.web.settings"

_prepared = False
_preparing = threading.Lock()


def is_prepared() -> bool:
    """Whether the tables are known to be of this program's version."""
    return _prepared


def start(data: Path, config: Path | None = None) -> None:
    """Django works on the database of this data folder from now on; nothing is asked of the database yet."""
    os.environ["CIVICMAIL_DATA"] = str(data)
    if config is not None:
        os.environ["CIVICMAIL_CONFIG"] = str(config.absolute())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    import django

    django.setup()


def prepare(data: Path, config: Path | None = None, patience: Patience | None = None) -> None:
    """Bring the tables up to this program's version, one process at a time, and once in a process: the first thread does it, the
    others wait for it. patience: where another process does it at this moment. Raises LeaseHeld when that has not done it by then,
    and django.db.OperationalError when the database is not there; then whoever comes next tries again."""
    global _prepared
    start(data, config)
    with _preparing:
        if not _prepared:
            _migrate(data, patience)
            _prepared = True


def _migrate(data: Path, patience: Patience | None) -> None:
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    with Lease.take(lease_path(data, "migrate"), patience):
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", verbosity=0, interactive=False)
        connection.close()
    from civicmail.front.web.doors import secret

    secret(data)  # Dovecot needs it before it asks for the first time
