"""Tests of people's side: Django on SQLite, or with CIVICMAIL_TEST_DB=postgresql on a scratch cluster of PostgreSQL 17."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from civicmail.core.config.settings import Database
from civicmail.front.web.database import database

WANTED = os.environ.get("CIVICMAIL_TEST_DB", "sqlite")
MADE = "CIVICMAIL_MADE_DB"


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Point Django at a cluster of our own before anybody asks the database anything."""
    if WANTED != "postgresql":
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


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> Iterator[None]:
    """Where MADE names a database that was migrated already, the tables are copied from there: a mutant's single test takes a
    second less."""
    made = os.environ.get(MADE)
    if not made:
        yield
        return
    from django.core import management
    from django.db import connection

    def call(name: str, *arguments: Any, **options: Any) -> Any:
        if name != "migrate":
            return plain(name, *arguments, **options)
        connection.ensure_connection()
        with closing(sqlite3.connect(made)) as source:
            source.backup(connection.connection)
        return None

    plain = management.call_command
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(management, "call_command", call)
        yield


@pytest.fixture(scope="session", autouse=True)
def flush_past_append_only_tables() -> Iterator[None]:
    """Tests marked transaction=True end with a flush, which tables that nobody may empty would refuse."""
    from django.db import connection, transaction

    plain = type(connection.ops).execute_sql_flush

    def flush(ops: Any, statements: list[str]) -> None:
        with transaction.atomic(), connection.cursor() as c:
            if connection.vendor == "postgresql":
                c.execute("SET LOCAL session_replication_role = replica")
                plain(ops, statements)
                return
            c.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = c.fetchall()
            for name, _ in triggers:
                c.execute(f'DROP TRIGGER "{name}"')
            plain(ops, statements)
            for _, statement in triggers:
                c.execute(statement)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(connection.ops), "execute_sql_flush", flush)
        yield


@pytest.fixture
def installed(data: Path, settings: Any) -> Path:
    """The data folder of an installation, and Django knows it: what is published lands there."""
    from civicmail.core.config.load import load

    settings.DATA = data
    settings.CITY = load(data)
    return data
