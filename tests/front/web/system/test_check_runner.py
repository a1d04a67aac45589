"""Checks are made beside the pages: nobody waits for one, and one that fails is a finding (P-17)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from civicmail.core.config.load import load
from civicmail.front.checkup.findings import HOUR, Finding, Installation
from civicmail.front.web.system.check_runner import DAYS, CheckRunner, by_day, by_hour
from civicmail.mail.archive.reading import Archive
from mail.archive.making import NOW, capture, writer


@pytest.mark.rule("P-17", "No page waits for a check, and no examination begins while another is made.")
def test_a_page_never_waits_for_a_check_that_hangs(data: Path) -> None:
    """What was found before stays in sight, and who wants it again begins nothing a second time."""
    gate, hangs = threading.Event(), threading.Event()

    def slow(_p: Installation) -> Iterator[Finding]:
        if hangs.is_set():
            gate.wait(60)
        yield Finding("slow", "ok", "Seen.")

    of = CheckRunner(data, load(data), (slow,))
    assert of.start()
    of.wait(60)
    first = of.last()
    assert [f.check for f in first.findings] == ["slow"] and first.at and not first.since
    hangs.set()
    assert of.start()
    assert not of.start()
    known = of.last()
    assert known.since and known.findings == first.findings and known.at == first.at
    gate.set()
    of.wait(60)
    assert of.last().at >= first.at and not of.last().since


def test_a_check_with_a_bug_is_a_finding_and_the_next_examination_is_made(data: Path) -> None:
    def broken(p: Installation) -> Iterator[Finding]:
        if p.now:
            raise ZeroDivisionError("what it says is not repeated")
        yield Finding("broken", "ok", "Never seen.")

    of = CheckRunner(data, load(data), (broken,))
    of.start()
    of.wait(60)
    [found] = of.last().findings
    assert (found.check, found.level) == ("broken", "problem")
    assert "ZeroDivisionError" in found.text and "repeated" not in found.text and found.do
    assert of.start()
    of.wait(60)


def test_all_checks_are_made_as_doctor_makes_them(data: Path) -> None:
    of = CheckRunner(data, load(data))
    of.start()
    of.wait(60)
    known = of.last()
    assert {"disk", "keys", "clock", "job courier", "journals", "access"} <= {f.check for f in known.findings}
    assert all(bool(f.do) == (f.level != "ok") for f in known.findings)
    assert known.bad == tuple(
        sorted((f for f in known.findings if f.level in ("warning", "problem")), key=lambda f: f.level == "warning")
    )


def test_the_figure_counts_messages_by_the_hour_in_which_they_came(tmp_path: Path) -> None:
    w = writer(tmp_path)
    for n, at in enumerate((NOW, NOW + 1, NOW - HOUR, NOW - 23 * HOUR, NOW - 24 * HOUR, NOW - 90 * HOUR)):
        w.receipt(capture(b"%d" % n, received=at), b"%d" % n)
    w.flush()
    w.close()
    found = by_hour(Archive(tmp_path), NOW + 5)
    assert len(found) == 24
    assert found[-1] == (NOW // HOUR * HOUR, 2)
    assert (found[-2][1], found[0][1], sum(count for _, count in found)) == (1, 1, 4)


def test_days_are_those_of_the_city_and_today_is_until_now(tmp_path: Path) -> None:
    """The day on which clocks go forward has 23 hours."""
    now = int(datetime(2026, 3, 9, 7, 30, tzinfo=UTC).timestamp() * 1000)
    at_ = {"today": now - HOUR, "spring": now - 25 * HOUR, "night": now - 2 * HOUR, "long ago": now - 40 * 24 * HOUR}
    w = writer(tmp_path)
    for name, at in at_.items():
        w.receipt(capture(name.encode(), received=at), name.encode())
    w.flush()
    w.close()
    found = by_day(Archive(tmp_path), now, ZoneInfo("America/Chicago"))
    lengths = [(after - at) / HOUR for (at, _), (after, _) in pairwise(found)]
    assert len(found) == DAYS and sum(count for _, count in found) == 3
    assert lengths[-1] == 23 and set(lengths[:-1]) == {24}
    assert [count for _, count in found[-2:]] == [1, 2]
