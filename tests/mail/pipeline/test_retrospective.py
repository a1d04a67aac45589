"""What the scanner knows only by now is found in mail that was delivered before (P-25, P-31)."""

from __future__ import annotations

import uuid
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from civicmail.city.policy.dispositions import Action, Disposition
from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.records import Capture, Source
from civicmail.mail.pipeline import retrospective
from civicmail.mail.pipeline.accept import capture_of, scan
from civicmail.mail.pipeline.retrospective import AGAIN_MS, BACK_MS, BODIES_PER_STEP, RetrospectiveRules, RetrospectiveScan
from civicmail.mail.screening.clamd import ScanReply
from mail.archive.making import UNSYNCED
from mail.pipeline.making import book, rule
from neighbours.virusscanner import MARK, Clamd

NOW = 1_800_000_000_000
BAD = b"Subject: plans\r\n\r\n" + MARK + b"\r\n"


def came(
    data: Path, at: int, raw: bytes = BAD, *, do: Action = "deliver", kind: str = "mx", files: int = 1, **said: Any
) -> Capture:
    """said: more facts, with _ for their dot."""
    envelope = Envelope("x@shop.example", (Recipient("ann@city.example"),), at)
    capture = capture_of(capture_id(at), scan(raw), envelope, Source(kind, kind))
    capture = replace(
        capture,
        dispositions=(Disposition(0, do),),
        facts={"files.count": files, **{n.replace("_", "."): v for n, v in said.items()}},
    )
    with closing(Writer(data, lambda: at, UNSYNCED, 1 << 20)) as w:
        w.receipt(capture, raw)
        w.flush()
    return capture


def all_of(looks: RetrospectiveScan, now: int) -> list[str]:
    found = []
    while True:
        found += [str(uuid.UUID(bytes=id_)) for id_, _ in looks.step(now)]
        if not looks.is_more:
            return found


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "screening").mkdir()
    return tmp_path


@pytest.mark.neighbour("clamd")
def test_a_real_scanner_finds_what_was_delivered_and_each_once(data: Path) -> None:
    """Mail from outside with a file that somebody got, of two days; again after a day, and what is gone is passed by."""
    bad = came(data, NOW - 1000)
    for more in ({"do": "quarantine"}, {"kind": "submission"}, {"files": 0}):
        came(data, NOW - 2000, **more)  # type: ignore[arg-type]
    came(data, NOW - BACK_MS - 1000)
    for n in range(2 * BODIES_PER_STEP):
        came(data, NOW - 3000 - n, b"Subject: fine\r\n\r\nfine\r\n")
    with Clamd() as clamd:
        assert all_of(RetrospectiveScan(data, clamd.address), NOW) == [bad.uuid]
        assert all_of(RetrospectiveScan(data, clamd.address), NOW + 1000) == []
        assert all_of(RetrospectiveScan(data, clamd.address), NOW + AGAIN_MS) == [bad.uuid]
    assert all_of(RetrospectiveScan(data, clamd.address), NOW + 3 * AGAIN_MS) == [], "a scanner that is away is asked later"


@pytest.mark.rule(
    "P-25, P-31",
    "Mail of the last days is scanned again with every new set of signatures; detected copies are proposed for removal.",
)
def test_new_signatures_begin_it_anew_and_a_stop_in_the_middle_goes_on(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is scanned twice with the same signatures, and nothing is left out."""
    ids = [came(data, NOW - 1000 - n, BAD + b"%d" % n).id for n in range(BODIES_PER_STEP + 5)]
    signatures, scanned = ["one"], list[bytes]()

    async def version(_: object) -> ScanReply:
        return ScanReply("clean", signatures[0])

    async def look(_: object, content: bytes, seconds: float) -> ScanReply:
        scanned.append(content)
        return ScanReply("clean")

    monkeypatch.setattr(retrospective.Clamd, "version", version)
    monkeypatch.setattr(retrospective.Clamd, "scan", look)
    RetrospectiveScan(data, "x").step(NOW)
    assert len(scanned) == BODIES_PER_STEP and not orjson.loads((data / "screening/late.json").read_bytes())["over"]
    all_of(RetrospectiveScan(data, "x"), NOW)
    assert len(scanned) == len(set(scanned)) == len(ids)
    all_of(RetrospectiveScan(data, "x"), NOW + 1000)
    assert len(scanned) == len(ids)
    signatures[0] = "two"
    all_of(RetrospectiveScan(data, "x"), NOW + 1000)
    assert len(scanned) == 2 * len(ids)


STOPS = rule("that-place", 'inbound && "evil.example" in links.hosts', "quarantine")


def kept_back(data: Path, now: int, *rules: Any, dies: bool = False) -> list[tuple[str, str]]:
    looks, found = RetrospectiveRules(data), list[tuple[str, str]]()
    while True:
        found += [(str(uuid.UUID(bytes=id_)), name) for id_, name in looks.step(book(*rules), now)]
        if dies:
            return found
        looks.done()
        if not looks.is_more:
            return found


@pytest.mark.rule(
    "P-25, P-31",
    "Mail of the last days that a new rule would hold, by a link or a file that it names, is detected as soon as the rule "
    "is in force.",
)
def test_a_rule_finds_what_it_would_have_kept_back_as_soon_as_it_is_in_force(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each once, of two days, by the facts of the record; whoever dies before it is proposed looks again."""
    monkeypatch.setattr(retrospective, "HEADS_PER_STEP", 2)
    leads: dict[str, Any] = {"inbound": True, "links_hosts": ("evil.example", "b.example")}
    unlike: list[dict[str, Any]] = [{"do": "quarantine"}, {"kind": "submission"}, {"links_hosts": ("fine.example",)}]
    bad = came(data, NOW - 1000, **leads)
    for more in unlike:
        came(data, NOW - 2000, **{**leads, **more})
    came(data, NOW - BACK_MS - 1000, **leads)
    others = [rule("quiet", STOPS.when, "quarantine", mode="shadow"), rule("all", "inbound", "quarantine")]
    assert kept_back(data, NOW, *others) == []
    assert kept_back(data, NOW, *others, STOPS, dies=True) == kept_back(data, NOW, *others, STOPS) == [(bad.uuid, "that-place")]
    assert kept_back(data, NOW + 1000, *others, STOPS) == []
    (data / "screening/laterules.json").write_bytes(b"{")
    assert kept_back(data, NOW + 1000, STOPS) == [(bad.uuid, "that-place")]
