"""Wake the jobs of the city worker when a table that they wait for has changed, whichever process changed it."""

from __future__ import annotations

import re
from collections.abc import Callable, Set
from functools import partial
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from civicmail.core.disk import changes
from civicmail.front.checkup.job_registry import JOBS

_WRITE = re.compile(r'(?:INSERT(?: OR IGNORE)? INTO|UPDATE|DELETE FROM) "(\w+)"')


def watch(data: Path) -> None:
    """Watch every connection of this process that is opened from now on."""
    tables = frozenset[str]().union(*(job.woken_by for job in JOBS))
    wrapper = TableChanges(data, tables)

    def begin(connection: BaseDatabaseWrapper, **_: object) -> None:
        if wrapper not in connection.execute_wrappers:
            connection.execute_wrappers.append(wrapper)

    connection_created.connect(begin, weak=False, dispatch_uid="table changes")


class TableChanges:
    """An execute wrapper: notes each of these tables once when the transaction that wrote to it is committed."""

    def __init__(self, data: Path, tables: Set[str]) -> None:
        self._notes = {table: partial(changes.note, data, table) for table in tables}

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        result = execute(sql, params, many, context)
        if (write := _WRITE.match(sql)) and (note := self._notes.get(write[1])):
            connection = context["connection"]
            if all(function is not note for _, function, _ in connection.run_on_commit):
                transaction.on_commit(note, using=connection.alias, robust=True)
        return result
