"""What reports said, kept as sums: each once, bounded, 13 months, and nobody's address (P-26)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.core.disk.errors import DamagedFile
from civicmail.mail.screening.reports import month_files
from civicmail.mail.screening.reports.month_files import keep, read, sweep
from civicmail.mail.screening.reports.shapes import Aggregate, Source, Tls, TlsFailure, TlsPolicy

NOW = 1_772_600_000_000  # 4 March 2026
DAY = 86_400
OURS = ["city.example", "parks.example"]
BAD = Source("192.0.2.9", 17, "reject", "fail", "fail", "city.example", ("bulk.example",))
GOOD = Source("192.0.2.1", 3, "none", "pass", "fail", "city.example", ("city.example",))


def report(id_: str = "1", *sources: Source, begin: int = NOW // 1000 - DAY, reporter: str = "Other") -> Aggregate:
    return Aggregate(reporter, id_, "city.example", begin, begin + DAY, "none", sources or (BAD, GOOD))


@pytest.mark.rule(
    "P-26",
    "A report of others about mail in our name counts once, however often it is imported; sums of servers, domains and "
    "numbers are stored for 13 months.",
)
def test_a_report_counts_once_however_often_it_comes(tmp_path: Path) -> None:
    """Known by who wrote it, its id, domain and begin, in one go and in the next."""
    assert keep(tmp_path, [report(), report()], OURS, now=NOW) == month_files.Intake(new=1, known=1)
    assert str(keep(tmp_path, [report(), report("2", BAD)], OURS, now=NOW)) == "1 report is new, 1 known already"
    (month,) = read(tmp_path, NOW).values()
    failed = {s.address: (s.failed, s.passed, s.refused) for s in month.senders.values()}
    assert failed == {"192.0.2.9": (34, 0, 34), "192.0.2.1": (0, 3, 0)}
    assert month.reports == 2 and month.reporters == {"Other"}


def test_it_is_kept_by_the_month_and_for_thirteen(tmp_path: Path) -> None:
    first, before = NOW // 1000 - 360 * DAY, NOW // 1000 - 370 * DAY
    ahead = NOW // 1000 + 3 * DAY
    given = [report("a", begin=first), report("b", begin=before), report("c"), report("d", begin=0), report("e", begin=ahead)]
    assert keep(tmp_path, given, OURS, now=NOW) == month_files.Intake(new=2, outside=3)
    assert list(read(tmp_path, NOW)) == ["2026-03", "2025-03"]
    later = NOW + 30 * DAY * 1000
    assert list(read(tmp_path, later)) == ["2026-03"]
    assert sweep(tmp_path, later) == 1 and sweep(tmp_path, later) == 0
    assert [path.name for path in month_files.folder(tmp_path).glob("*.json")] == ["2026-03.json"]


def test_nothing_that_a_stranger_writes_gets_in_as_it_is(tmp_path: Path) -> None:
    """No address of a person, no domain of others, no kind that there is not, and no more rows than there is room for."""
    odd = Source("jane@home.example", 5, "none", "fail", "fail", "a.city.example", ("jane@home.example", "x y", "ok.example"))
    foreign = Source("192.0.2.3", 9, "none", "fail", "fail", "bank.example")
    policy = TlsPolicy("parks.example", "sts", 9, 3, (TlsFailure("<b>", 3),))
    tls = Tls("Jane <jane@home.example>", "t", NOW // 1000 - DAY, NOW // 1000, (policy,))
    assert keep(tmp_path, [report("1", odd, foreign), report("2", foreign), tls], OURS, now=NOW) == month_files.Intake(
        new=2, foreign=1
    )
    text = (month_files.folder(tmp_path) / "2026-03.json").read_text()
    assert "@" not in text and "bank.example" not in text and "<b>" not in text and "jane" not in text.lower()
    (month,) = read(tmp_path, NOW).values()
    assert month.senders["a.city.example", ""].signed == {"ok.example"}
    assert month.others == 9 and month.sessions["parks.example"].kinds == {"other": 3}


def test_beyond_the_bound_of_a_month_rows_are_added_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(month_files, "MAX_SENDERS", 3)
    monkeypatch.setattr(month_files, "MAX_REPORTS", 2)
    many = [replace(BAD, address=f"192.0.2.{n}", count=1, author=f"x{n}.city.example") for n in range(10)]
    assert keep(tmp_path, [report("1", *many), report("2"), report("3")], OURS, now=NOW) == month_files.Intake(new=2, outside=1)
    (month,) = read(tmp_path, NOW).values()
    assert len(month.senders) == 4 and sum(s.failed for s in month.senders.values()) == 27


def test_what_is_damaged_is_named_and_nothing_is_written_over_it(tmp_path: Path) -> None:
    keep(tmp_path, [report()], OURS, now=NOW)
    path = month_files.folder(tmp_path) / "2026-03.json"
    for spoilt in ("{", json.dumps({"v": 1}), json.dumps({"v": 9}), json.dumps({"v": 1, "senders": 3, "sessions": 4, "seen": []})):
        path.write_text(spoilt)
        with pytest.raises(DamagedFile, match="2026-03"):
            read(tmp_path, NOW)
        with pytest.raises(DamagedFile):
            keep(tmp_path, [report("2")], OURS, now=NOW)
        assert path.read_text() == spoilt


AUTHORS = st.sampled_from(["city.example", "Ü.city.example", "", "\0.city.example", "x"])


@settings(max_examples=12, deadline=None)
@given(st.lists(st.builds(Source, st.text(max_size=40), st.integers(0, 9), st.just("none"), author=AUTHORS), max_size=4))
def test_whatever_rows_say_what_is_read_is_what_was_kept(tmp_path_factory: pytest.TempPathFactory, rows: list[Source]) -> None:
    place = tmp_path_factory.mktemp("kept")
    keep(place, [report("1", *rows)] if rows else [], OURS, now=NOW)
    total = sum(s.passed + s.failed for month in read(place, NOW).values() for s in month.senders.values())
    ours = sum(row.count for row in rows if row.author != "x")
    assert total == ours
