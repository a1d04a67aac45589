"""An upgrade of tables that is killed at each of its points: python -m front.web.upgrade.killing DATA OLD [STEP…].

OLD: city.sqlite3 of an older release. DATA: a data folder; its settings say whether the tables are SQLite's or PostgreSQL's; of the
latter `civicmail_old` is the database to begin with, each time. Writes a line of JSON for each point. A point is what changes
something: saving, each statement of the schema, each step that is noted as done, the end.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import sqlite3
import sys
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

EVERY = 4
"""Each fourth statement within a step: they are one transaction."""


def main(data: Path, old: Path, steps: list[str]) -> None:
    """steps: be killed only before the note that one of these is done, application.step; empty: at each point."""
    from civicmail.front.web import database
    from civicmail.front.web.start import start

    database._SQLITE["init_command"] = str(database._SQLITE["init_command"]).replace("=FULL", "=OFF")  # nobody cuts the power
    start(data)
    from django.db import connection

    begin = _of_sqlite(data, old) if connection.vendor == "sqlite" else _of_server(data)
    for where in steps or itertools.count(1):
        begin()
        if not (code := _forked(lambda at=where: _killed_at(data, at))):
            assert not steps, f"{where} is no step of this upgrade"
            break
        then = _forked(lambda: _done(data))
        print(json.dumps({"point": where, "killed": code == -signal.SIGKILL, "then": then, "now": _state(data)}), flush=True)
    if steps:
        begin()
        _forked(lambda: _done(data))
    print(json.dumps({"point": 0, "killed": False, "then": 0, "now": _state(data)}), flush=True)


def _forked(act: Callable[[], Any]) -> int:
    child = os.fork()
    if not child:
        code = 1
        try:
            act()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _killed_at(data: Path, where: int | str) -> None:
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor
    from django.db.migrations.recorder import MigrationRecorder

    from civicmail.core.disk.files import Files
    from civicmail.front.web import upgrade

    passed = 0

    def point() -> None:
        nonlocal passed
        passed += 1
        if passed == where:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(owner: Any, name: str, every: int = 1) -> None:
        whole, calls = getattr(owner, name), [0]

        def stopped(*words: Any, **named: Any) -> Any:
            calls[0] += 1
            if name == "record_applied" and f"{words[1]}.{words[2]}" == where:
                os.kill(os.getpid(), signal.SIGKILL)
            if calls[0] % every == 0:
                point()
            result = whole(*words, **named)
            if every == 1:
                point()
            return result

        setattr(owner, name, stopped)

    for name in ("replace", "rename", "unlink"):
        around(Files, name)
    around(upgrade, "emit_post_migrate_signal")
    around(BaseDatabaseSchemaEditor, "execute", EVERY)
    around(MigrationRecorder, "record_applied")
    _done(data)


def _done(data: Path) -> None:
    from civicmail.front.web.start import prepare

    prepare(data)


def _of_sqlite(data: Path, old: Path) -> Callable[[], None]:
    def begin() -> None:
        for name in ("city.sqlite3", "city.sqlite3-wal", "city.sqlite3-shm", "city.before", "upgrading"):
            (data / name).unlink(missing_ok=True)
        shutil.copy(old, data / "city.sqlite3")

    return begin


def _of_server(data: Path) -> Callable[[], None]:
    from django.db import connection

    name = connection.settings_dict["NAME"]

    def begin() -> None:
        for left in ("city.before.dump", "upgrading"):
            (data / left).unlink(missing_ok=True)
        import psycopg

        with psycopg.connect(host=connection.settings_dict["HOST"], user="civicmail", dbname="postgres", autocommit=True) as admin:
            admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            admin.execute(f'CREATE DATABASE "{name}" TEMPLATE civicmail_old')

    return begin


def _state(data: Path) -> dict[str, Any]:
    """What is there now: steps, rows and columns of each table, and what is left beside them; asked by another process."""
    read, write = os.pipe()
    _forked(lambda: os.write(write, json.dumps(_seen(data)).encode()) and None)
    os.close(write)
    with os.fdopen(read, "rb") as said:
        return json.loads(said.read())


def _seen(data: Path) -> dict[str, Any]:
    from django.db import connection

    with connection.cursor() as cursor:
        tables = sorted(connection.introspection.table_names(cursor))
        cursor.execute("SELECT app, name FROM django_migrations ORDER BY app, name")
        steps = [" ".join(row) for row in cursor.fetchall()]
        counts = {}
        for table in tables:
            cursor.execute(f'SELECT count(*) FROM "{table}"')
            counts[table] = cursor.fetchone()[0]
        columns = {t: sorted(c.name for c in connection.introspection.get_table_description(cursor, t)) for t in tables}
    before = data / "city.before"
    beside = sorted(p.name for p in data.iterdir() if p.name.startswith(("city.before", "upgrading", ".city.before")))
    return {"steps": steps, "counts": counts, "columns": columns, "beside": beside, "before": rows(before)}


def rows(place: Path) -> int:
    """A number for all rows of a file of SQLite, the same for the same rows; 0 where there is none."""
    if not place.exists():
        return 0
    with closing(sqlite3.connect(place)) as file:
        return zlib.crc32("\n".join(sorted(file.iterdump())).encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
