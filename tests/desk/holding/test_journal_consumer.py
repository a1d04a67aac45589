"""What journals say is written some at a time, and each record once (P-22)."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.db import OperationalError

from civicmail.core.disk.tail import Record
from civicmail.desk.holding.actions import journal_consumer, standing_approvals
from civicmail.desk.holding.actions.standing_approvals import FileScope
from civicmail.desk.holding.models import StandingApproval
from civicmail.mail.archive.records import Type
from desk.holding.test_standing_approvals import allow, files
from desk.holding.test_standing_approvals import clock as clock
from desk.mailbox.conftest import city as city

pytestmark = pytest.mark.django_db
__all__ = ["files"]
AGENDA = FileScope(series="agenda-*.pdf")


def _used(row: StandingApproval, number: int) -> Record:
    """A receipt of a message whose files left by a standing approval."""
    copy = {"to": 0, "do": "deliver", "rules": [], "facts": {"recipient.approved": str(row)}}
    envelope = {"login": "", "from": "ana@out.example", "to": [{"a": "ben@city.example"}]}
    head = {"id": "", "envelope": envelope, "source": {"kind": "mx"}, "received": 0, "dispositions": [copy]}
    return Record("0001", Path("0001"), 0, Type.RECEIPT, 0, number, b"", b"", orjson.dumps(head), b"")


@pytest.mark.rule(
    "P-22",
    "Journal data about files, findings and senders are written in batches, each once, and the database is free in between.",
)
def test_who_begins_anew_in_the_middle_writes_each_record_once(files: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nobody waits for the database until all of them are written."""
    row, now = allow(files, AGENDA), files.desk.now
    records = [_used(row, number) for number in range(1, 3 * journal_consumer.BATCH_SIZE)]
    count, calls = standing_approvals.count_uses, 0

    def broken(used: Counter[str], now: int) -> None:
        nonlocal calls
        calls += 1
        if calls == journal_consumer.BATCH_SIZE + 5:
            raise OperationalError("database is locked")
        count(used, now)

    monkeypatch.setattr(standing_approvals, "count_uses", broken)
    first = journal_consumer.HoldingConsumer()
    for record in records:
        first.hear(record)
    first.positions["0001"] = len(records)
    with pytest.raises(OperationalError):
        first.write(now)
    row.refresh_from_db()
    assert row.used == journal_consumer.BATCH_SIZE, "some were written, and stay"
    second = journal_consumer.HoldingConsumer()
    assert second.positions == {"0001": journal_consumer.BATCH_SIZE}
    for record in records[second.positions["0001"] :]:
        second.hear(record)
    second.positions["0001"] = len(records)
    second.write(now)
    row.refresh_from_db()
    assert row.used == len(records)
    assert journal_consumer.HoldingConsumer().positions == {"0001": len(records)}
