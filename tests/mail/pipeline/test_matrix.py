"""Every cell of the fail matrix: what becomes of mail when a part is away, for each part and each way (promise 6)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from civicmail.city.policy.facts import FACTS
from civicmail.city.policy.failure_policy import CELLS, DIRECTIONS, PARSER, PARTS, POLICY, Row, cell_error
from civicmail.core.config.settings import City, Screening, Settings
from civicmail.mail.archive import outstanding_file
from civicmail.mail.archive.commit import SHORT_FILE, GroupCommit, Writer
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.records import Source
from civicmail.mail.archive.rescreening import RescreeningFollower
from civicmail.mail.pipeline.accept import Pipeline
from civicmail.mail.pipeline.errors import TempFail
from civicmail.mail.pipeline.policy_decision import Settled, Verdict, decide_copies
from civicmail.mail.screening.screener import Screened
from mail.archive.making import UNSYNCED
from mail.pipeline.making import NOW, book, envelope, modes, people, rule

MAIL = b"From: ann@out.example\r\nMessage-ID: <1@out.example>\r\n\r\nHi.\r\n"
WAYS: dict[str, tuple[str, str, str]] = {
    "inbound": ("mx", "ann@out.example", "bob@city.example"),
    "internal": ("submission", "eve@city.example", "bob@city.example"),
    "outbound": ("submission", "eve@city.example", "x@shop.example"),
}
SETTINGS = Settings(city=City(domains=["city.example"]), screening=Screening(checks=[]))


class Away:
    """Judging that misses one part, by a book whose one rule wants to know what only that part says."""

    is_screening = True
    is_idle = False

    def __init__(self, part: str, cell: str) -> None:
        said = part if part not in (PARSER, POLICY, "spamd") else {"spamd": "rspamd"}.get(part, "links")
        name = next(fact.name for fact in FACTS.values() if fact.check == said and fact.of == "message")
        default = FACTS[name].default
        when = f"size({name}) > 0" if isinstance(default, tuple) else f'{name} != "none"' if isinstance(default, str) else name
        when = f"{name} > 0" if type(default) is int else when
        self._book = book(
            rule("wants", when, "quarantine"),
            matrix={part: Row(cell, cell, cell)},  # type: ignore[arg-type]
            trouble="unreadable" if part == POLICY else "",
        )
        self._found = Screened(facts={} if part == POLICY else {"unavailable": (part,)})

    async def verdict(
        self, _: bytes, settled: Settled, snapshot: Any, modes_: Any, *, late: bool = False
    ) -> tuple[Verdict, Screened]:
        return decide_copies(settled, self._found, self._book, snapshot, modes_, NOW, records=True, late=late), self._found


CASES = [(p, w, c) for p in PARTS for w in DIRECTIONS for c in CELLS if not cell_error(p, w, c)]


@pytest.mark.parametrize("part", PARTS)
def test_each_cell_does_what_it_says_and_nothing_is_lost_or_passes_in_silence(part: str, tmp_path: Path) -> None:
    """P-25, promise 6."""
    kept: dict[bytes, tuple[str, str]] = {}

    async def story() -> None:
        commit = GroupCommit(Writer(tmp_path, lambda: NOW, UNSYNCED, SHORT_FILE))
        for way, cell in ((w, c) for p, w, c in CASES if p == part):
            source, sender, to = WAYS[way]
            pipeline = Pipeline(commit, modes, lambda: people(), Away(part, cell))  # type: ignore[arg-type]
            try:
                receipt = await pipeline.accept(MAIL, envelope(to, sender=sender), Source(source))
                kept[receipt.id] = (way, cell)
            except TempFail as later:
                assert cell == "later" and later.smtp.startswith("451 4.7.1"), (way, cell)
        await commit.close()

    asyncio.run(story())
    entries = outstanding_file.current(tmp_path).entries
    assert set(entries) == set(kept) and Machine(tmp_path).count() == len(kept), "what shall come again is not kept"
    assert set(RescreeningFollower(tmp_path, UNSYNCED).waiting()) == set(kept), "and the others are looked at again"
    for id_, (way, cell) in kept.items():
        (copy,) = entries[id_].copies.values()
        wanted = {"hold": ("hold", False), "pending": ("pending", False), "deliver-again": ("mark", True)}[cell]
        assert (copy.now, copy.is_waiting) == wanted, (way, cell)
        assert copy.is_waiting or copy.is_held, "kept back, not gone"
        assert [name for name, _ in copy.marks_in_force] == ["unchecked"], (way, cell)


def test_the_table_has_every_part_in_every_direction() -> None:
    assert {(p, w) for p, w, _ in CASES} == {(p, w) for p in PARTS for w in DIRECTIONS}
