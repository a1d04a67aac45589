"""Captures by class and month, from the catalogue (P-23)."""

from __future__ import annotations

from pathlib import Path

import pytest

from civicmail.mail.archive import class_months
from civicmail.mail.archive.records import Type
from mail.archive.test_classes import put_aside


@pytest.mark.rule("P-23", "The numbers behind the picture of what becomes due are those of the catalogue.")
def test_captures_are_counted_by_class_and_month(tmp_path: Path) -> None:
    put_aside(tmp_path, (Type.RELEASED, Type.DELIVERED), (Type.CANCELLED,), ())
    months, unsealed = class_months.by_month(tmp_path)
    assert [list(counts.items()) for counts in months.values()] == [[("quarantine", 3)]] and unsealed == 0
