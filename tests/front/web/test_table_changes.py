"""A committed change of a table wakes the jobs that wait for it, however it was written (P-23)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from civicmail.city.notices.models import Notice
from civicmail.core.disk import changes
from civicmail.front.web.table_changes import TableChanges

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[str]]:
    names: list[str] = []
    monkeypatch.setattr(changes, "note", lambda _data, name: names.append(name))
    with connection.execute_wrapper(TableChanges(tmp_path, {"notices_notice"})):
        yield names


def _notice(key: str) -> dict[str, Any]:
    return {"key": key, "to": "a@city.example", "subject": "s", "text": "t", "made": datetime(2026, 3, 2, tzinfo=UTC)}


def test_each_way_of_writing_is_noted(noted: list[str]) -> None:
    row = Notice.objects.create(**_notice("a"))
    Notice.objects.bulk_create([Notice(**_notice("b"))], ignore_conflicts=True)
    Notice.objects.filter(pk=row.pk).update(subject="u")
    row.delete()
    assert noted == ["notices_notice"] * 4


def test_a_transaction_is_noted_once_after_its_commit(noted: list[str]) -> None:
    with transaction.atomic():
        for key in "ab":
            Notice.objects.create(**_notice(key))
        assert noted == []
    assert noted == ["notices_notice"]


def test_what_was_rolled_back_or_only_read_is_not_noted(noted: list[str]) -> None:
    with transaction.atomic():
        Notice.objects.create(**_notice("a"))
        transaction.set_rollback(True)
    assert not Notice.objects.exists() and noted == []
