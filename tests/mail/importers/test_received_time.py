"""When imported mail was received (P-23; docs/formats.md, "Heads": basis)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from civicmail.mail.importers.received_time import received

NOW = 1_772_452_800_000
HOP = datetime(2020, 5, 1, tzinfo=UTC)
HOP_MS = 1_588_291_200_000


def test_the_topmost_received_field_comes_first() -> None:
    assert received(HOP, NOW - 1, "mailbox", NOW) == (HOP_MS, "received")


@pytest.mark.rule("P-23", "Imported mail was never received after its import.")
def test_a_time_after_the_import_or_before_1970_is_not_usable() -> None:
    future = datetime(2031, 1, 1, tzinfo=UTC)
    assert received(future, NOW - 5, "mailbox", NOW) == (NOW - 5, "mailbox")
    assert received(datetime(1969, 1, 1, tzinfo=UTC), 7, "mbox", NOW) == (7, "mbox")
    assert received(future, NOW + 1, "mailbox", NOW) == (NOW, "import")


def test_without_any_clock_it_is_the_import() -> None:
    assert received(None, None, "mailbox", NOW) == (NOW, "import")
    assert received(None, 0, "mbox", NOW) == (NOW, "import")  # mboxrd@z Thu Jan  1 00:00:00 1970
