"""Bringing the tables of people up to this program's version. What they were before is saved first, so that an older program can
have it back: SQLite's as city.before, PostgreSQL's by pg_dump as city.before.dump. Each step is a transaction; whoever is killed
between two of them leaves it to the next start, which goes on and does not save the half-changed tables in place of the whole ones.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ModelState, ProjectState

from civicmail.city.identity.database_backup import move_into_place, write_backup
from civicmail.core.config.errors import ConfigError
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.front.web.database_errors import require_known, require_people

BEFORE = "city.before"
"""The tables as they were before the last upgrade; removed after KEEP_DAYS."""
BEFORE_DUMP = "city.before.dump"
UNDER_WAY = "upgrading"
"""JSON: the steps that were done when this upgrade began, and BEFORE was saved. Removed when all are done."""
KEEP_DAYS = 90
_DAY = 86_400.0
_DUMP_SECONDS = 3_600

type Step = tuple[str, str]


class NotSaved(ConfigError):
    """The tables could not be saved before the upgrade."""


def pending(data: Path) -> list[Step]:
    """(application, name) of the pending steps, in order. Raises PeopleLost and NewerPeople."""
    return [(step.app_label, step.name) for step in _plan(data)[1]]


def bring_up(data: Path, *, save: bool = True, files: Files = OS_FILES) -> list[Step]:
    """Do the pending steps, and return them. save: first save the tables as they are. For the holder of the lease `migrate`. Raises
    PeopleLost, NewerPeople and NotSaved."""
    executor, plan = _plan(data)
    applied, mark = set(executor.loader.applied_migrations), data / UNDER_WAY
    if plan and not _is_under_way(mark, applied):
        if applied and save:
            _save(data, files)
        files.replace(mark, json.dumps({"v": 1, "from": sorted(applied)}).encode())
    if mark.exists():
        _apply(executor, plan)
        files.unlink(mark)
    _forget(data, files)
    return [(step.app_label, step.name) for step in plan]


class GrowingState(ProjectState):
    """A project state that renders only the new model. Django also renders every model that the new one refers to: for a new
    database 5,400 renderings instead of 130, most of the time that `civicmail migrate` took."""

    def add_model(self, model_state: ModelState) -> None:
        """Add a model. Its class registers itself with the classes that it refers to, as in models.py."""
        key = model_state.app_label, model_state.name_lower
        self.models[key] = model_state
        if self._relations is not None:  # type: ignore[attr-defined]  # the stubs lack it
            self.resolve_model_relations(key)
        if "apps" in self.__dict__:
            self.apps.render_multiple([model_state])


class WholeSteps(MigrationExecutor):
    """A step and the note that it was done are one transaction. Django writes that note behind the transaction wherever an index is
    made at its end: whoever was killed between the two could never start again, because the tables were there already."""

    def _create_project_state(self, with_applied_migrations: bool = False) -> ProjectState:
        state = super()._create_project_state(with_applied_migrations)  # type: ignore[misc]  # the stubs lack it
        return GrowingState(state.models, state.real_apps)

    def apply_migration(self, state: Any, migration: Migration, fake: bool = False, fake_initial: bool = False) -> Any:
        """Do one step."""
        with self.connection.schema_editor(atomic=migration.atomic) as editor:
            state = migration.apply(state, editor)
            for statement in editor.deferred_sql:
                editor.execute(statement, None)
            editor.deferred_sql.clear()
            self.record_migration(migration.app_label, migration.name)
        return state


def _apply(executor: MigrationExecutor, plan: list[Migration]) -> None:
    """Run the migrations with the signals of Django's command."""
    plan_: list[tuple[Migration, bool]] = [(step, False) for step in plan]
    emit_pre_migrate_signal(0, False, connection.alias, plan=plan_)
    if plan:
        executor.migrate(executor.loader.graph.leaf_nodes(), plan=plan_)
    emit_post_migrate_signal(0, False, connection.alias, plan=plan_)


def _plan(data: Path) -> tuple[WholeSteps, list[Migration]]:
    require_people(data)  # before anything asks the database, which makes a file
    executor = WholeSteps(connection)
    steps = executor.loader.disk_migrations.items()
    require_known(executor.loader.applied_migrations, [n for n, s in steps if type(s).__module__.startswith("civicmail.")])
    return executor, [step for step, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]


def _is_under_way(mark: Path, applied: set[Step]) -> bool:
    """Whether some steps of an upgrade are done that was saved before, and not all."""
    try:
        before = {(str(room), str(name)) for room, name in json.loads(mark.read_bytes())["from"]}
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return before < applied


def _save(data: Path, files: Files) -> None:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            write_backup(cursor.execute, data / BEFORE, files)
    else:
        _dump(data, files)


def _dump(data: Path, files: Files) -> None:
    """A dump of the whole database, as pg_restore reads it."""
    made, options = data / f".{BEFORE_DUMP}", connection.settings_dict
    environment = {
        "PGHOST": options["HOST"],
        "PGPORT": options["PORT"],
        "PGUSER": options["USER"],
        "PGPASSWORD": options["PASSWORD"],
    }
    names = {name: str(value) for name, value in environment.items() if value}
    program = shutil.which("pg_dump")
    why = "pg_dump is not here (Debian: postgresql-client)"
    if program is not None:
        files.unlink(made)
        done = subprocess.run(  # noqa: S603 - a program of the machine, with no word of a stranger
            [program, "--format=custom", f"--file={made}", f"--dbname={options['NAME']}", "--no-password"],
            env=os.environ | names,
            capture_output=True,
            text=True,
            timeout=_DUMP_SECONDS,
            check=False,
        )
        why = done.stderr.strip().partition("\n")[0].rstrip(".") if done.returncode else ""
    if why:
        raise NotSaved(
            f"The tables of people are of an older version and could not be saved before they are changed: {why}. Nothing was "
            f"changed. Mend that, or save them yourself and say `civicmail migrate --unsaved --data {data}`."
        )
    move_into_place(made, data / BEFORE_DUMP, files)


def _forget(data: Path, files: Files) -> None:
    """Remove old saved tables, which contain people who have left."""
    for name in (BEFORE, BEFORE_DUMP):
        with suppress(FileNotFoundError):
            if (data / name).stat().st_mtime < time.time() - KEEP_DAYS * _DAY:
                files.unlink(data / name)
