"""Notices leave through the pipeline: archived before they are sent, and once, wherever a process died (P-15, P-23)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from civicmail.city.notices.actions import notify
from civicmail.city.notices.models import Notice
from civicmail.core.config.load import load
from civicmail.front.worker import notices, own_mailer
from civicmail.mail.archive import outstanding_file
from civicmail.mail.archive.reading import Archive

NOW = 1_772_452_800_000
MADE = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.mark.rule("P-19", "The text of a notice, with links that grant access, is in no table once it was sent.")
@pytest.mark.django_db
def test_a_notice_is_archived_and_outstanding_before_it_counts_as_sent(installed: Path) -> None:
    """And what it says, with links that open something, stands in no table then."""
    notify("a", "ann@city.example", "About", "text", now=MADE)
    notify("b", "ben@home.example", "About", "text", now=MADE)  # a private address: of a new sign-in people hear there, too
    assert notices.Sending(load(installed), installed, lambda: NOW).step() == 2
    waiting = {
        copy.address: entry.uuid for entry in outstanding_file.current(installed).waiting() for copy in entry.copies.values()
    }
    assert waiting == {n.to: n.capture for n in Notice.objects.all()}
    assert set(waiting) == {"ann@city.example", "ben@home.example"}
    assert all(n.sent is not None for n in Notice.objects.all())
    assert not any(n.text for n in Notice.objects.all())
    assert notices.Sending(load(installed), installed, lambda: NOW).step() == 0


@pytest.mark.django_db
@pytest.mark.parametrize("odd", ["a..b@home.example", '"a b"@home.example', "x@[192.0.2.1]", "josé@home.example", "MAILER"])
def test_an_odd_address_keeps_nobody_elses_notice_back(installed: Path, odd: str) -> None:
    """P-15: an employee writes to it confidentially, and nobody would hear of a new sign-in any more."""
    notify("a", odd, "About", "text", now=MADE)
    notify("b", "ben@home.example", "About", "text", now=MADE)
    assert notices.Sending(load(installed), installed, lambda: NOW).step() == 2
    waiting = {copy.address for entry in outstanding_file.current(installed).waiting() for copy in entry.copies.values()}
    assert waiting == {odd, "ben@home.example"}


@pytest.mark.rule("P-15, P-23", "Our own notices are archived like any other mail, and sent once, wherever a process died.")
@pytest.mark.django_db
def test_whoever_died_before_the_row_was_written_sends_nothing_twice(installed: Path) -> None:
    """The archive knows the notice by its key."""
    notify("a", "ann@city.example", "About", "text", now=MADE)
    sending = notices.Sending(load(installed), installed, lambda: NOW)
    sending.step()
    Notice.objects.update(sent=None, capture="", text="text")
    later = notices.Sending(load(installed), installed, lambda: NOW + 60_000)
    assert later.step() == 1
    assert Archive(installed).count() == 1
    assert Notice.objects.get().sent is not None


@pytest.mark.rule("P-01", "A sender of several notices keeps one view of the archive to know which were sent.")
@pytest.mark.django_db
def test_whoever_sends_one_after_the_other_keeps_one_view_of_the_archive(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a busy hour a new view takes a fifth of a second; and it sees what was sent since it was made."""
    views = [0]

    class Counted(Archive):
        def __init__(self, data: Path) -> None:
            views[0] += 1
            super().__init__(data)

    monkeypatch.setattr(own_mailer, "Archive", Counted)
    sending = notices.Sending(load(installed), installed, lambda: NOW)
    for key in "ab":
        notify(key, "ann@city.example", "About", "text", now=MADE)
        assert sending.step() == 1
        Notice.objects.filter(key=key).update(sent=None, capture="", text="text")
        assert sending.step() == 1
    assert Archive(installed).count() == 2 and views == [1]
