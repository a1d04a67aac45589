"""P-15, promises 2 and 8: `verify` ends with a line of JSON, and with 1 when anything kept is not as it was."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from civicmail.core.disk.lease import Lease, lease_path
from civicmail.core.ledger.sequencer import Sequencer, positions
from civicmail.front.cli import verify as command
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.seal import Sealer
from civicmail.mail.search.coverage import covered
from civicmail.mail.search.tasks import IndexJob
from front.cli.office import Office, now

BODIES = [b"Subject: letter %d\r\n\r\nhello %d\r\n" % (n, n) for n in range(5)]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "data")


def index(office: Office) -> None:
    job = IndexJob.take(office.data, bulk=True)
    job.catch_up(now())
    job.close()


def seal(office: Office) -> None:
    office.integrate(signed=True)
    with Sealer(office.data) as sealer:
        assert sealer.seal(lambda: {f"{n:04x}": 1 << 40 for n in range(1, 9)}, now=now()).segments


class Output:
    """Runs `verify` and reads its last line."""

    def __init__(self, office: Office, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
        self.office = office
        self._capture = capfdbinary

    def __call__(self, *options: str) -> dict[str, Any]:
        self._capture.readouterr()
        code = self.office.run("verify", *options)
        told = self._capture.readouterr()
        self.words = told.err.decode()
        last: dict[str, Any] = orjson.loads(told.out.splitlines()[-1])
        assert code == (1 if last["problems"] else 0)
        assert all(p["text"] in self.words for p in last["problems"])
        return last


@pytest.fixture
def verify(office: Office, capfdbinary: pytest.CaptureFixture[bytes]) -> Output:
    return Output(office, capfdbinary)


def test_an_empty_installation_is_clean(verify: Output) -> None:
    assert verify("--deep") == {
        "messages": 0,
        "segments": 0,
        "records": 0,
        "pending": 0,
        "problems": [],
        "problem_count": 0,
    }


def test_captures_are_counted_once_wherever_they_are(office: Office, verify: Output) -> None:
    office.receive(*BODIES)
    assert verify()["messages"] == 5
    index(office)
    seal(office)
    office.receive(*BODIES[:2])
    found = verify("--deep")
    assert (found["messages"], found["segments"], found["problems"]) == (7, 1, [])
    assert "newer than the index" in verify.words


def test_it_takes_no_lease_and_does_not_report_live_writers(office: Office, verify: Output) -> None:
    writer = Writer(office.data, now)
    with Lease.take(lease_path(office.data, "seal")), Lease.take(lease_path(office.data, "ledger")):
        office.receive(BODIES[0])
        path = next(office.data.glob("journal/*/*.log"))
        with path.open("ab") as f:
            f.write(b"CVR1 half a record")
        assert verify("--deep")["problems"] == []
    writer.close()


def test_nothing_is_wrong_while_everything_is_at_work(office: Office, verify: Output) -> None:
    """Writer, sequencer, index and sealer go on, journal files come and go; the checker sees no problem in any of it."""
    stop, failed = threading.Event(), list[BaseException]()

    def work(step: Callable[[], object]) -> None:
        try:
            while not stop.is_set():
                step()
        except BaseException as error:
            failed.append(error)

    writer = Writer(office.data, now, file_size=1 << 13)
    ledger = Sequencer(office.data)
    job = IndexJob.take(office.data, bulk=True)
    sealer = Sealer(office.data)

    def passed() -> dict[str, int]:
        indexed = covered(office.data)
        return {name: min(number, indexed.get(name, 0)) for name, number in positions(office.data).items()}

    def write() -> None:
        writer.receipt(*office.letter(BODIES[0]))
        writer.flush()
        stop.wait(0.003)  # so that index and sealer come to an end of what is new

    def integrate() -> None:
        ledger.integrate(now())
        if ledger.due(now(), 50):
            ledger.checkpoint(now())

    def index_and_seal() -> None:
        job.step(now())
        job.commit(now())
        sealer.seal(passed, now=now())

    threads = [threading.Thread(target=work, args=(step,)) for step in (write, integrate, index_and_seal)]
    for thread in threads:
        thread.start()
    try:
        found = [verify("--deep")]
        while (len(found) < 6 or found[-1]["segments"] < 4) and not failed and len(found) < 200:
            found.append(verify("--deep"))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        for part in (writer, ledger, job, sealer):
            part.close()
    assert failed == []
    assert [f["problems"] for f in found if f["problems"]] == []
    assert found[-1]["segments"] >= 4 and found[-1]["messages"] > found[0]["messages"]


@pytest.mark.parametrize("sealed", [False, True])
def test_every_kind_of_damage_is_found(office: Office, verify: Output, sealed: bool) -> None:
    office.receive(*BODIES)
    office.integrate(signed=True)
    if sealed:
        seal(office)
    for pattern in ("segments/*/*/*.seg", "journal/*/*.log", "ledger/*.log", "ledger/leaves/*.bin", "ledger/tree/*.bin"):
        for path in office.data.glob(pattern):
            content = path.read_bytes()
            for at in range(0, len(content), max(1, len(content) // 23)):
                path.write_bytes(content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :])
                assert verify("--deep")["problems"], f"{path.name} at {at}"
            path.write_bytes(content)
    assert verify("--deep")["problems"] == []


def test_a_lost_segment_is_named(office: Office, verify: Output) -> None:
    office.receive(*BODIES)
    seal(office)
    next(office.data.glob("segments/*/*/*.seg")).unlink()
    problems = verify()["problems"]
    assert [(p["code"], p.get("number"), p.get("last")) for p in problems if p["code"] == "dropped"] == [("dropped", 1, 5)]
    assert not [p for p in problems if p["code"] == "number-missing"]


def test_a_capture_that_the_index_says_it_covers_and_does_not_have_is_named(
    office: Office, verify: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.receive(*BODIES)
    index(office)
    assert verify("--deep")["problems"] == []
    generation = office.data / "index" / (office.data / "index" / "current").read_text().strip()
    [id_] = office.receive(b"Subject: one more\r\n\r\n")
    coverage = orjson.loads((generation / "coverage.json").read_bytes())
    coverage["journals"] = {name: number + 1 for name, number in coverage["journals"].items()}
    (generation / "coverage.json").write_bytes(orjson.dumps(coverage))
    assert [(p["code"], p["where"]) for p in verify("--deep")["problems"]] == [("not-found", id_.replace("-", ""))]
    assert verify()["problems"] == []
    monkeypatch.setattr(command, "BATCH_SIZE", 2)
    assert len(verify("--deep")["problems"]) == 1


def test_a_damaged_index_is_a_problem(office: Office, verify: Output) -> None:
    office.receive(*BODIES)
    index(office)
    for path in office.data.glob("index/*/*/*/meta.json"):
        path.write_text("{")
    assert [p["code"] for p in verify("--deep")["problems"]] == ["index-damaged"]


def test_a_folder_that_is_no_installation(tmp_path: Path, office: Office) -> None:
    office.data = tmp_path / "nothing"
    assert office.run("verify") == 3


@pytest.mark.rule(
    "P-15",
    "A search index that cannot be opened, or has lost its head, is reported by `doctor`, `verify --deep` and `search`, "
    "and never taken for an empty one.",
)
def test_a_damaged_or_beheaded_index_is_said_by_verify_doctor_and_search(
    office: Office, verify: Output, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """One that has lost its meta.json looked like one of nothing that covers everything; `doctor` looked at none."""
    office.receive(*BODIES)
    index(office)
    (meta,) = office.data.glob("index/*/*/*/meta.json")
    for damage in (lambda: meta.write_bytes(meta.read_bytes()[:-9]), meta.unlink):
        damage()
        assert [p["code"] for p in verify("--deep")["problems"]] == ["index-damaged"]
        capfdbinary.readouterr()
        assert office.run("doctor") == 1
        assert b"PROBLEM    index: The search index is damaged: " in capfdbinary.readouterr().out
        assert office.run("search", "letter") == 5
    assert office.run("rebuild", "index") == 0
    capfdbinary.readouterr()
    assert office.run("search", "--count", "letter") == 0
    assert capfdbinary.readouterr().out.split()[0] == b"5"
    assert verify("--deep")["problems"] == []


def test_an_index_that_nobody_can_name_any_more_is_made_anew_by_the_next_holder(office: Office, verify: Output) -> None:
    office.receive(*BODIES)
    index(office)
    (office.data / "index" / "current").write_bytes(b"\xd3\x91")
    index(office)
    assert verify("--deep")["problems"] == [] and "newer than the index" not in verify.words


def test_verify_names_a_damaged_mark_of_what_was_sealed_and_checks_the_rest(office: Office, verify: Output) -> None:
    office.receive(*BODIES)
    index(office)
    seal(office)
    (office.data / "journal" / "0001" / "retired").write_bytes(b"")
    office.receive(BODIES[0])
    found = verify()
    assert [p["code"] for p in found["problems"]] == ["damaged"]
    assert "write that number into it" in verify.words and found["messages"] == 6
