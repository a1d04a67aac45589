"""The snapshot of those who wait is a projection: whatever becomes of it, segments and journals give it again (promise 1, P-15)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.core.disk import journal
from civicmail.core.disk.errors import DamagedFile, LeaseHeld
from civicmail.core.disk.lease import Lease, lease_path
from civicmail.mail.archive import keyring, outstanding_file, replay, segments
from civicmail.mail.archive.outstanding import Outstanding, report_key
from civicmail.mail.archive.records import Capture, Event, Source, Type
from civicmail.mail.archive.seal import Sealer
from mail.archive.making import MONTH, NOW, UNSYNCED, capture, delivered, writer

ENDS: dict[str, list[tuple[Type, dict[str, Any]]]] = {
    "waits": [],
    "delivered": [(Type.ATTEMPT, {"hop": "h", "try": 1}), (Type.DELIVERED, {"hop": "h", "reply": "ok"})],
    "deferred": [(Type.ATTEMPT, {"hop": "h", "try": 1}), (Type.DEFERRED, {"hop": "h", "reply": "later", "try": 1, "next": NOW})],
    "open": [(Type.ATTEMPT, {"hop": "h", "try": 1})],
    "held": [(Type.HELD, {"reason": "r", "actor": "a"})],
    "released": [(Type.HELD, {"reason": "r", "actor": "a"}), (Type.RELEASED, {"reason": "r", "actor": "a"})],
    "failed": [(Type.FAILED, {"hop": "h", "reply": "no", "dsn": 1})],
    "told": [(Type.FAILED, {"hop": "h", "reply": "no", "dsn": 1})],
    "dropped": [(Type.CANCELLED, {"reason": "r", "actor": "a"})],
}


def happened(data: Path, fates: list[tuple[str, bool]]) -> None:
    """Captures with these fates, the events of some in another journal than their receipts."""
    near, far = writer(data, 4096), writer(data, 4096)
    for n, (fate, apart) in enumerate(fates):
        body = b"Message-ID: <%d@x>\r\n\r\n%d" % (n, n)
        c = capture(body, received=NOW + n - n % 2 * MONTH)
        near.receipt(c, body)
        for at, (type_, facts) in enumerate(ENDS[fate]):
            (far if apart else near).event(Event(type_, c.id, NOW + 100 + at, (0,), facts))
        if fate == "told":
            (far if apart else near).receipt(report(c), b"report")
        near.flush()
        far.flush()
    near.close()
    far.close()


def report(of: Capture) -> Capture:
    c = capture(b"report", received=NOW + 500, sender="")
    return Capture(c.id, c.received, c.sha256, c.size, c.content_hash, Source("local"), c.envelope, once=report_key(of.id, 0))


def seal_some(data: Path, positions: dict[str, int]) -> None:
    covered = outstanding_file.advance(data, NOW + 1000, UNSYNCED)
    with Sealer(data, UNSYNCED) as sealer:
        sealer.seal(lambda: {name: min(covered[name], positions.get(name, 1 << 60)) for name in covered}, now=NOW + 1000)


def state(o: Outstanding) -> dict[bytes, Any]:
    """What matters: everything but where a record lies, which sealing changes."""
    return {
        e.id: (e.received, e.size, e.sender, e.kind, e.key, {i: c.plain() for i, c in e.copies.items()})
        for e in o.entries.values()
        if e.seen
    }


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("keys")
    keyring.create(place, files=UNSYNCED)
    return place / "keys"


@settings(max_examples=25)
@given(
    fates=st.lists(st.tuples(st.sampled_from(sorted(ENDS)), st.booleans()), min_size=1, max_size=12),
    sealed=st.dictionaries(st.sampled_from(["0001", "0002"]), st.integers(0, 20)),
    lost=st.booleans(),
)
def test_a_lost_snapshot_comes_back_as_it_was(
    fates: list[tuple[str, bool]],
    sealed: dict[str, int],
    lost: bool,
    keys: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    data = tmp_path_factory.mktemp("data")
    (data / "keys").symlink_to(keys)
    happened(data, fates)
    seal_some(data, sealed)
    seal_some(data, {})
    happened(data, fates[:2])  # and something that is not sealed
    before = outstanding_file.current(data)
    snapshot = outstanding_file.snapshot_path(data)
    if lost:
        snapshot.unlink()
    else:
        snapshot.write_bytes(snapshot.read_bytes()[:-1])
    with pytest.raises(DamagedFile, match="civicmail rebuild outstanding"):
        outstanding_file.current(data)
    assert replay.rebuild(data, now=NOW + 1000, files=UNSYNCED) == []
    after = outstanding_file.load(data)
    assert state(after) == state(before)
    assert after.receipts == before.receipts
    assert after.positions == before.positions


def test_a_snapshot_older_than_what_was_sealed_is_not_believed(tmp_path: Path) -> None:
    keyring.create(tmp_path, files=UNSYNCED)
    happened(tmp_path, [("waits", False)])
    outstanding_file.advance(tmp_path, NOW, UNSYNCED)
    old = outstanding_file.snapshot_path(tmp_path).read_bytes()
    happened(tmp_path, [("waits", False)])
    seal_some(tmp_path, {})
    assert len(outstanding_file.load(tmp_path).entries) == 2
    outstanding_file.snapshot_path(tmp_path).write_bytes(old)
    with pytest.raises(DamagedFile, match="lacks what was sealed of journal 0001"):
        outstanding_file.load(tmp_path)


def test_what_cannot_be_read_is_named_and_the_rest_is_there(tmp_path: Path) -> None:
    keyring.create(tmp_path, files=UNSYNCED)
    happened(tmp_path, [("waits", False)] * 4)
    seal_some(tmp_path, {})
    path = segments.path_of(tmp_path, *next(segments.listed(tmp_path)))
    path.write_bytes(path.read_bytes()[:-1])
    [problem] = replay.rebuild(tmp_path, now=NOW, files=UNSYNCED)
    assert path.name in problem
    assert len(outstanding_file.load(tmp_path).entries) == 2, "the other month's"


def test_while_somebody_delivers_or_seals_it_is_said_who(tmp_path: Path) -> None:
    for job in ("courier", "seal"):
        keyring.create(tmp_path / job, files=UNSYNCED)
        with Lease.take(lease_path(tmp_path / job, job)), pytest.raises(LeaseHeld, match=f"lease {job} is held by process [0-9]+"):
            replay.rebuild(tmp_path / job, now=NOW, files=UNSYNCED)


def test_mail_that_was_delivered_is_not_delivered_again_and_mail_that_waits_is(tmp_path: Path) -> None:
    """The receipt and its outcome are sealed in different batches, the outcome first."""
    keyring.create(tmp_path, files=UNSYNCED)
    near, far = writer(tmp_path), writer(tmp_path)
    done, waits = capture(b"done"), capture(b"waits")
    for c, body in ((done, b"done"), (waits, b"waits")):
        near.receipt(c, body)
    near.flush()
    far.event(delivered(done))
    far.flush()
    far.close()
    seal_some(tmp_path, {})
    assert journal.read_retired(tmp_path / "journal" / "0002") == 1
    near.close()
    seal_some(tmp_path, {})
    outstanding_file.snapshot_path(tmp_path).unlink()
    assert replay.rebuild(tmp_path, now=NOW, files=UNSYNCED) == []
    assert [e.id for e in outstanding_file.current(tmp_path).waiting()] == [waits.id]
