"""Traces: one message's life by OTLP at a real receiver of its protocol, without hooks in the path of mail."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from civicmail.city.policy.dispositions import Disposition, Finding
from civicmail.core.config.settings import Otel, Settings
from civicmail.core.message.model import Envelope, Recipient
from civicmail.front.checkup import job_registry
from civicmail.front.worker.otlp import Collector
from civicmail.front.worker.traces import CollectorAway, Tracing
from civicmail.mail.archive.commit import SHORT_FILE, Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.records import Capture, Event, Source, Type
from civicmail.mail.pipeline.accept import capture_of, scan
from civicmail.mail.search import coverage
from neighbours.collector import Collector as Receiver
from neighbours.collector import collector

NOW = 1_772_452_800_000


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with collector() as running:
        yield running


def letter(at: int, basis: str = "clock") -> tuple[Capture, bytes]:
    body = b"From: <mallory@outside.example>\r\nSubject: canary\r\n\r\nhello\r\n"
    envelope = Envelope("mallory@outside.example", (Recipient("ann@city.example"), Recipient("bo@city.example")), at)
    made = capture_of(capture_id(at), scan(body), envelope, Source("mx"))
    decided = (Disposition(0, "deliver", ("plain",)), Disposition(1, "hold", ("files",)))
    findings = (Finding("clamav", "clean", cost=42_000), Finding("dkim", "pass", cost=200), Finding("rspamd", "score", cost=90_000))
    return replace(made, dispositions=decided, findings=findings, basis=basis), body  # type: ignore[arg-type]


def life(data: Path, at: int = NOW) -> str:
    """A message with two copies: one is deferred and then delivered, one is held, released and fails. Its id."""
    writer = Writer(data, lambda: at, file_size=SHORT_FILE)
    made, body = letter(at)
    writer.receipt(made, body)
    hop = {"hop": "smtp://hop.city.example:25"}
    for type_, seconds, to, facts in (
        (Type.HELD, 1, 1, {"reason": "files", "actor": ""}),
        (Type.ATTEMPT, 2, 0, {**hop, "try": 1}),
        (Type.DEFERRED, 4, 0, {**hop, "reply": "451 <ann@city.example> later", "try": 1, "next": at}),
        (Type.ATTEMPT, 64, 0, {**hop, "try": 2}),
        (Type.DELIVERED, 65, 0, {**hop, "reply": "250 ok mallory@outside.example"}),
        (Type.RELEASED, 100, 1, {"reason": "ok", "actor": "e-2"}),
        (Type.ATTEMPT, 101, 1, {**hop, "try": 1}),
        (Type.FAILED, 102, 1, {**hop, "reply": "550 <bo@city.example> unknown"}),
    ):
        writer.event(Event(type_, made.id, at + seconds * 1_000, (to,), facts))
    writer.flush()
    writer.close()
    return made.id.hex()


def tracing(data: Path, receiver: Receiver, one_in: int = 1) -> tuple[Tracing, Collector]:
    sender = Collector(Otel(url=receiver.url), "mail.city.example")
    return Tracing(data, sender, one_in), sender


def cover(data: Path, number: int) -> None:
    generation = data / "index" / "1"
    generation.mkdir(parents=True, exist_ok=True)
    (data / "index" / "current").write_text("1")
    coverage.save(generation, coverage.Coverage(1, {"0001": number}))


@pytest.mark.rule(
    "P-23",
    "A trace is one message's life, and its id the capture id; nothing of it is imported while it is off, and mail waits "
    "for no collector.",
)
def test_a_trace_is_one_messages_life(data: Path, receiver: Receiver) -> None:
    """Accepted and screened, held, tried, delivered, indexed; its id is the capture id."""
    job, sender = tracing(data, receiver)
    job.step(NOW)
    capture = life(data)
    job.step(NOW + 200_000)
    cover(data, 100)
    job.step(NOW + 201_000)
    sender.close()
    spans = receiver.spans
    assert {span.trace for span in spans} == {capture} and {span.service for span in spans} == {"civicmail"}
    assert Counter(span.name for span in spans) == {
        "accept": 1, "screen clamav": 1, "screen rspamd": 1, "deliver": 3, "hold": 1, "index": 1,
    }  # fmt: skip
    (first,) = (span for span in spans if not span.parent)
    assert first.name == "accept" and {span.parent for span in spans if span is not first} == {first.id}
    assert len({span.id for span in spans}) == len(spans)

    def seconds(name: str) -> list[tuple[float, float]]:
        return [
            ((one.start // 1_000 - NOW * 1_000) / 1e6, (one.end // 1_000 - NOW * 1_000) / 1e6) for one in spans if one.name == name
        ]

    assert seconds("accept") == [(0, 0.09)] and seconds("screen clamav") == [(0, 0.042)]
    assert seconds("deliver") == [(2, 4), (64, 65), (101, 102)] and seconds("hold") == [(1, 100)]
    assert seconds("index") == [(0, 201)]
    tries = [span for span in spans if span.name == "deliver"]
    outcomes = [(one.attributes["civicmail.outcome"], one.attributes["civicmail.reply_code"], one.status) for one in tries]
    assert outcomes == [("deferred", 451, 0), ("delivered", 250, 0), ("failed", 550, 2)]
    assert first.attributes["civicmail.rules"] == ["files", "plain"] and first.attributes["civicmail.capture"] == capture


def test_what_the_index_had_before_the_first_look_has_no_span_of_it(data: Path, receiver: Receiver) -> None:
    """What it got between two looks has one, also if the message came between them; when the rest got there nobody knows."""
    before, after = NOW, NOW + 1_000
    first = life(data, before)
    cover(data, 9)
    job, sender = tracing(data, receiver)
    job._tail.positions.clear()
    job.step(before + 200_000)
    second = life(data, after)
    cover(data, 100)
    job.step(after + 300_000)
    sender.close()
    assert {span.trace for span in receiver.spans} == {first, second}
    assert [span.trace for span in receiver.spans if span.name == "index"] == [second]


@pytest.mark.rule("P-06", "A trace names no person and no subject.")
def test_a_trace_names_nobody_and_no_subject(data: Path, receiver: Receiver) -> None:
    """Not in any byte that leaves, in clear or as part of a reply."""
    job, sender = tracing(data, receiver)
    life(data)
    job = Tracing(data, sender)
    job._tail.positions.clear()
    job.step(NOW + 200_000)
    sender.close()
    assert receiver.spans and b"accept" in receiver.raw
    for word in (b"canary", b"mallory", b"outside.example", b"ann@", b"bo@"):
        assert word not in receiver.raw, word


def test_a_collector_that_is_away_gets_the_same_spans_later(data: Path, receiver: Receiver) -> None:
    """Read again from where they were taken, under the same ids; mail knows nothing of it."""
    job, sender = tracing(data, receiver)
    job.step(NOW)
    life(data)
    receiver.away = True
    with pytest.raises(CollectorAway):
        job.step(NOW + 1_000)
    receiver.away = False
    again = Tracing(data, sender)
    again._tail.positions.clear()
    again.step(NOW + 2_000)
    first = [(span.trace, span.id, span.name, span.start, span.end) for span in receiver.spans]
    third = Tracing(data, sender)
    assert third._tail.positions == again._tail.positions, "kept"
    third._tail.positions.clear()
    third.step(NOW + 3_000)
    sender.close()
    assert [(span.trace, span.id, span.name, span.start, span.end) for span in receiver.spans] == first * 2


def test_what_was_imported_and_what_is_not_chosen_has_no_trace(data: Path, receiver: Receiver) -> None:
    job, sender = tracing(data, receiver, one_in=4)
    job.step(NOW)
    writer = Writer(data, lambda: NOW, file_size=SHORT_FILE)
    made, body = letter(NOW, "import")
    writer.receipt(replace(made, id=made.id[:-4] + bytes(4)), body)
    chosen = [capture_id(NOW)[:-4] + bytes((0, 0, 0, number)) for number in range(8)]
    for id_ in chosen:
        writer.receipt(replace(letter(NOW)[0], id=id_), body)
    writer.flush()
    writer.close()
    job.step(NOW + 1_000)
    sender.close()
    assert {span.trace for span in receiver.spans} == {chosen[0].hex(), chosen[4].hex()}


def test_headers_of_the_settings_are_sent(data: Path, receiver: Receiver, tmp_path: Path) -> None:
    (tmp_path / "headers").write_text("Authorization: Bearer x\n")
    life(data)
    sender = Collector(Otel(url=receiver.url, headers_file=str(tmp_path / "headers")), "mail.city.example")
    job = Tracing(data, sender)
    job._tail.positions.clear()
    job.step(NOW)
    sender.close()
    assert receiver.headers["authorization"] == "Bearer x"


def test_nothing_of_it_is_imported_while_it_is_off() -> None:
    """An installation without the extra is one."""
    assert "traces" not in {job.name for job in job_registry.jobs(Settings())}
    program = "import sys; import civicmail.front.worker.traces; print(any(n.startswith('opentelemetry') for n in sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "False"
