"""Tests of people's side: Django on SQLite, or on a scratch cluster of PostgreSQL 17.

CIVICMAIL_TEST_DB=postgresql runs there what may ask a database; =postgresql-own only what the databases could answer differently.
"""

from __future__ import annotations

import inspect
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from civicmail.core.config.settings import Database
from civicmail.front.web.database import database
from neighbours.tables import tables

DATABASE, _, SELECTION = os.environ.get("CIVICMAIL_TEST_DB", "sqlite").partition("-")
OWN = re.compile(r"\bconnections?\b|IntegrityError|OperationalError|transaction=True|cursor\(|Thread\(")
"""Words of a test that looks at constraints, transactions, connections, threads or SQL."""
MAY_ASK = {"db", "transactional_db", "live_server", "django_db_setup", "django_db_serialized_rollback", "django_db_reset_sequences"}
"""Fixtures with which a test may ask the database; not django_db_blocker, which pytest-django gives to every test."""


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Point Django at a cluster of our own before anybody asks the database anything."""
    if DATABASE != "postgresql":
        return
    from django.conf import settings
    from django.db import connections

    from neighbours.postgresql import USER, Cluster, programs

    if programs() is None:
        raise pytest.UsageError("CIVICMAIL_TEST_DB=postgresql needs PostgreSQL 17; `make neighbours` installs it.")
    cluster = Cluster()
    config.add_cleanup(cluster.close)
    url = f"postgresql://{USER}@{quote(cluster.host, safe='')}/postgres"
    settings.DATABASES["default"] = database(Database(url=url), None)
    connections.settings = connections.configure_settings(settings.DATABASES)
    del connections["default"]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL only what may ask the tests' database, and does not say that another test asks the same; any other would be the
    same as on SQLite (docs/decisions/0067). With every change, only what the databases could answer differently (0110)."""
    if DATABASE != "postgresql":
        return
    asking = [item for item in items if may_ask(item) and item.get_closest_marker("same_on_postgresql") is None]
    if SELECTION == "own":
        asking = [item for item in asking if is_own(item)]
    config.hook.pytest_deselected(items=list(set(items) - set(asking)))
    items[:] = asking


def may_ask(item: pytest.Item) -> bool:
    """Whether a test has a database by its marks and fixtures."""
    return item.get_closest_marker("django_db") is not None or bool(MAY_ASK & set(getattr(item, "fixturenames", ())))


def is_own(item: pytest.Item) -> bool:
    """Whether the databases could answer a test differently, by the words of it and of the module's functions that it uses."""
    mark, function, module = item.get_closest_marker("django_db"), getattr(item, "function", None), getattr(item, "module", None)
    if function is None or (mark is not None and mark.kwargs.get("transaction")):
        return True
    source = inspect.getsource(function)
    used = [f for n, f in inspect.getmembers(module, inspect.isroutine) if f is not function and re.search(rf"\b{n}\b", source)]
    near = [inspect.getsource(f) for f in used if getattr(f, "__module__", "") == getattr(module, "__name__", None)]
    return any(OWN.search(text) for text in (source, *near))


def _copied() -> bool:
    """Give the tests' database its tables, with nothing in them, from where they were made already; whether they were."""
    from django.db import connection

    made = tables() if connection.vendor == "sqlite" else None
    if made is None:
        return False
    connection.ensure_connection()
    with closing(sqlite3.connect(made)) as source:
        source.backup(connection.connection)
    return True


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> Iterator[None]:
    """Copy the tables instead of migrating to them: some seconds less in each process of tests."""
    from django.core import management

    plain = management.call_command

    def call(name: str, *arguments: Any, **options: Any) -> Any:
        return None if name == "migrate" and _copied() else plain(name, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(management, "call_command", call)
        yield


@pytest.fixture(scope="session", autouse=True)
def files_of_pages_are_looked_for_once() -> Iterator[None]:
    """Each test client has middleware of its own, and WhiteNoise would go through the files of all packages for each of them: a
    hundredth of a second, thousands of times."""
    from whitenoise.middleware import WhiteNoiseMiddleware

    plain, known = WhiteNoiseMiddleware.add_files_from_finders, dict[str, Any]()

    def add(whitenoise: Any) -> None:
        if not known:
            collected, whitenoise.files = whitenoise.files, known
            plain(whitenoise)
            whitenoise.files = collected
        whitenoise.files.update(known)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", add)
        yield


@pytest.fixture(scope="session", autouse=True)
def flush_past_append_only_tables() -> Iterator[None]:
    """Tests marked transaction=True end with a flush, which tables that nobody may empty would refuse. Where tables can be copied,
    that is also quicker than to empty them and to write anew what is always in them."""
    from django.core.management.commands import flush as command
    from django.db import connection, transaction

    plain, plain_signal = type(connection.ops).execute_sql_flush, command.emit_post_migrate_signal

    def flush(ops: Any, statements: list[str]) -> None:
        if _copied():
            return
        with transaction.atomic(), connection.cursor() as c:
            if connection.vendor == "postgresql":
                c.execute("SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgenabled = 'A'")
                always = c.fetchall()
                for table, name in always:
                    c.execute(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
                c.execute("SET LOCAL session_replication_role = replica")
                plain(ops, statements)
                for table, name in always:
                    c.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")
                return
            c.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = c.fetchall()
            for name, _ in triggers:
                c.execute(f'DROP TRIGGER "{name}"')
            plain(ops, statements)
            for _, statement in triggers:
                c.execute(statement)

    def signal(*arguments: Any, **options: Any) -> None:
        if connection.vendor != "sqlite" or tables() is None:
            plain_signal(*arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(connection.ops), "execute_sql_flush", flush)
        patch.setattr(command, "emit_post_migrate_signal", signal)
        yield


@pytest.fixture
def installed(data: Path, settings: Any) -> Path:
    """The data folder of an installation, and Django knows it: what is published lands there."""
    from civicmail.core.config.load import load

    settings.DATA = data
    settings.CITY = load(data)
    return data
