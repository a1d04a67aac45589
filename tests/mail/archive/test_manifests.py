"""A manifest lists what one disposal may remove, and nothing else goes (P-23, promise 3)."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import orjson
import pytest

from civicmail.city.guard.four_eyes import Facts
from civicmail.core.disk.errors import DamagedFile, LeaseHeld
from civicmail.core.disk.lease import Lease, lease_path
from civicmail.mail.archive import certificates, classes, dispose, holds, keyring, manifests
from civicmail.mail.archive.dispose import Outcome
from civicmail.mail.archive.errors import NotDisposed, TooMuch
from civicmail.mail.archive.manifests import Manifest, Part
from civicmail.mail.archive.proposal import Limit, propose
from civicmail.mail.archive.seal import Sealer
from civicmail.mail.archive.store import Store
from mail.archive.crashing import Crash, CrashingFiles
from mail.archive.keeping import LATER, SCHEDULES, YEAR, adopt, claim, ids, integrate, remains, seal, see
from mail.archive.making import NOW, UNSYNCED, capture, delivered, writer

ANY = Limit(None)


def town(data: Path, bodies: list[bytes], *, years: int = 0) -> list[bytes]:
    """A claimed installation with these messages, sealed; years: between each and the next. Returns their ids."""
    keyring.create(data, files=UNSYNCED)
    adopt(data)
    claim(data)
    return add(data, bodies, years=years)


def add(data: Path, bodies: list[bytes], *, years: int = 0) -> list[bytes]:
    w = writer(data)
    made = []
    for n, body in enumerate(bodies):
        c = capture(body, received=NOW - n * years * YEAR + n)
        w.receipt(c, body)
        w.event(delivered(c))
        made.append(c.id)
    w.flush()
    w.close()
    integrate(data, signed=True)
    seal(data)
    return made


def go(data: Path, manifest: Manifest, at: int = LATER, **changes: Any) -> Outcome:
    two = Facts(frozenset("ab"))
    options: dict[str, Any] = {"files": UNSYNCED} | changes
    return dispose.dispose(
        data, manifest=manifest.digest, proposer="a", approver="b", eyes=two, reason="r", now=at, view=see, **options
    )


def suggest(data: Path, at: int = LATER, limit: Limit = ANY, **changes: Any) -> Manifest:
    return propose(data, now=at, view=see, limit=limit, files=UNSYNCED, **changes)


def lines(data: Path, manifest: Manifest) -> list[manifests.Line]:
    return list(manifests.lines(data, manifest))


@pytest.mark.rule("P-23, promise 3", "A disposal removes only captures that its approved manifest lists.")
def test_only_what_the_manifest_lists_goes(tmp_path: Path) -> None:
    """What became due later needs a proposal of its own; the certificate names the manifest."""
    first = town(tmp_path, [b"one", b"two"])
    made = suggest(tmp_path)
    later = add(tmp_path, [b"three"])
    assert go(tmp_path, made).gone == 2
    assert ids(tmp_path) == set(later)
    [facts] = certificates.every(Store(tmp_path))
    assert facts["manifest"] == made.digest
    assert certificates.by_manifest(Store(tmp_path), made.digest) == [facts]
    assert certificates.by_manifest(Store(tmp_path), "0" * 64) == []
    assert {item["id"] for item in facts["items"]} == {line.id for line in lines(tmp_path, made)}
    assert len(first) == 2


def test_a_line_says_by_which_rule_and_has_no_content(tmp_path: Path) -> None:
    town(tmp_path, [b"a secret word"])
    holds.place(tmp_path, ground="audit", scope="elsewhere", actor="a", reason="r", now=NOW, files=UNSYNCED)
    made = suggest(tmp_path)
    assert manifests.read(tmp_path, made.digest) == made
    text = manifests.path_of(tmp_path, made.digest).read_bytes()
    first, line, last = map(orjson.loads, text.splitlines())
    assert (line["kept"], line["series"], line["size"]) == ("mail", "S-1", 13)
    [series] = [s for s in first["series"] if s["id"] == "S-1"]
    assert (series["approval"], series["expires"], series["trigger"]) == ("council 1", "2035-12-31", "received")
    assert first["schedules"] == manifests.text_digest(SCHEDULES)
    assert (last["captures"], last["total"], last["figures"]) == (1, 1, {"mail": {"2026": 1}})
    assert lines(tmp_path, made)[0].year == 2026
    assert b"secret" not in text
    assert b"@" not in text
    assert (tmp_path / "keys" / "manifests.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.rule("P-23, promise 3", "A hold, a class or a schedule that came after the approval of a manifest prevents disposal.")
@pytest.mark.parametrize("kind", ["hold", "class", "schedule", "expired"])
def test_what_changed_since_the_manifest_stays(tmp_path: Path, kind: str) -> None:
    held, other = town(tmp_path, [b"about the bridge", b"about the lake"])
    made, at = suggest(tmp_path), LATER
    if kind == "hold":
        holds.place(tmp_path, ground="audit", scope="bridge", actor="a", reason="r", now=LATER, files=UNSYNCED)
    elif kind == "class":
        classes.promote(tmp_path, held, "hr", actor="a", reason="r", now=LATER, files=UNSYNCED)
    elif kind == "schedule":
        adopt(tmp_path, SCHEDULES.replace("council 1", "council 3"), LATER)
    else:
        at = NOW + 10 * YEAR
    integrate(tmp_path)
    seal(tmp_path)
    words = {"hold": {"held": 1}, "class": {"not yet": 1}, "schedule": {"changed": 2}, "expired": {"expired": 2}}
    outcome = go(tmp_path, made, at)
    assert outcome.kept == words[kind]
    assert outcome.gone == 2 - sum(outcome.kept.values())
    assert held in ids(tmp_path)
    assert (other in ids(tmp_path)) == (kind in {"schedule", "expired"})


@pytest.mark.rule("P-23, promise 3", "A manifest whose bytes changed disposes of nothing.")
def test_a_manifest_that_was_changed_or_removed_disposes_of_nothing(tmp_path: Path) -> None:
    made = town(tmp_path, [b"one"])
    small = suggest(tmp_path)
    add(tmp_path, [b"two"])
    path = manifests.path_of(tmp_path, small.digest)
    large = manifests.path_of(tmp_path, suggest(tmp_path).digest)
    before = path.read_bytes()
    for content in (large.read_bytes(), before.replace(b'"v":1', b'"v":2'), before[:-1], b""):
        path.write_bytes(content)
        with pytest.raises(DamagedFile, match="not what was written"):
            go(tmp_path, small)
    path.unlink()
    with pytest.raises(DamagedFile, match="missing"):
        go(tmp_path, small)
    assert len(ids(tmp_path)) == 2
    path.write_bytes(before)
    assert go(tmp_path, small).gone == len(made)


def test_under_another_key_no_line_is_true(tmp_path: Path) -> None:
    town(tmp_path, [b"one"])
    made = suggest(tmp_path)
    (tmp_path / "keys" / "manifests.key").write_bytes(b"k" * 32)
    assert go(tmp_path, made).kept == {"changed": 1}


@pytest.mark.rule("P-23, promise 3", "A schedule that would dispose of everything, or of more than a share, is refused.")
def test_a_schedule_that_would_dispose_of_everything_is_refused(tmp_path: Path) -> None:
    """Nothing is left of the refused proposal; its parts may be proposed one after another."""
    town(tmp_path, [b"%d" % n for n in range(8)], years=1)
    with pytest.raises(TooMuch, match=r"would dispose of everything\. At most 2 may"):
        suggest(tmp_path, limit=Limit(0.25))
    with pytest.raises(TooMuch, match=r"one year of receipt, or fewer captures\. Largest: mail of 20"):
        suggest(tmp_path, limit=Limit(0.99))
    assert list((tmp_path / "manifests").iterdir()) == []
    one = suggest(tmp_path, limit=Limit(0.25), part=Part(year=2024))
    assert (one.captures, one.figures) == (1, {"mail": {"2024": 1}})
    two = suggest(tmp_path, limit=Limit(0.25), part=Part(most=1), besides=[one.digest])
    assert two.captures == 1
    with pytest.raises(TooMuch, match="2 of them in proposals that are open"):
        suggest(tmp_path, limit=Limit(0.25), part=Part(most=1), besides=[one.digest, two.digest])
    assert go(tmp_path, one).gone == 1
    assert len(ids(tmp_path)) == 7


def test_a_part_has_only_its_class_its_year_and_so_many(tmp_path: Path) -> None:
    town(tmp_path, [b"%d" % n for n in range(6)], years=1)
    with pytest.raises(NotDisposed, match="nothing is due"):
        suggest(tmp_path, part=Part("hr"))
    assert suggest(tmp_path, part=Part("mail")).captures == 6
    some = suggest(tmp_path, part=Part(most=2))
    assert [line.id for line in lines(tmp_path, some)] == sorted(line.id for line in lines(tmp_path, some))
    rest = suggest(tmp_path, besides=[some.digest])
    assert (rest.captures, rest.kept) == (4, {"proposed": 2})
    assert list(manifests.lines(tmp_path, rest, start=1, count=2)) == lines(tmp_path, rest)[1:3]


def test_the_only_capture_is_everything(tmp_path: Path) -> None:
    town(tmp_path, [b"one"])
    with pytest.raises(TooMuch, match="everything"):
        suggest(tmp_path, limit=Limit(0.25))


def test_a_second_proposal_waits_for_the_first(tmp_path: Path) -> None:
    town(tmp_path, [b"one"])
    with Lease.take(lease_path(tmp_path, "manifest")), pytest.raises(LeaseHeld):
        suggest(tmp_path)


@pytest.mark.rule("P-23, promise 3", "A disposal that is repeated writes no second certificate for the same captures.")
def test_a_crash_at_any_operation_and_the_run_after_it_leave_one_certificate_for_each_capture(tmp_path: Path) -> None:
    """Two portions: after a crash between them the first one stays certified, and the second one follows."""
    old = tmp_path / "old"
    town(old, [b"secret one", b"secret two", b"secret three"])
    made = suggest(old)
    at, finished = 0, False
    while not finished:
        data = tmp_path / str(at)
        shutil.copytree(old, data)
        try:
            go(data, made, files=CrashingFiles(at), portion=2)
            finished = True
        except Crash:
            pass
        again = go(data, made, portion=2)
        items = [item["id"] for facts in certificates.by_manifest(Store(data), made.digest) for item in facts["items"]]
        assert sorted(items) == sorted(line.id for line in lines(data, made)), f"after a crash at operation {at}"
        assert again.gone + again.kept.get("gone", 0) == 3
        assert set(again.kept) <= {"gone"}
        assert ids(data) == set()
        assert b"secret" not in remains(data)
        shutil.rmtree(data)
        at += 3
    assert at > 60


def test_a_crash_while_a_manifest_is_written_leaves_none(tmp_path: Path) -> None:
    old = tmp_path / "old"
    town(old, [b"one", b"two"])
    at, finished = 0, False
    while not finished:
        data = tmp_path / str(at)
        shutil.copytree(old, data)
        try:
            propose(data, now=LATER, view=see, limit=ANY, files=CrashingFiles(at))
            finished = True
        except Crash:
            for path in (data / "manifests").glob("*.jsonl"):
                assert manifests.read(data, path.stem).captures == 2
        assert suggest(data).captures == 2
        assert [p.suffix for p in (data / "manifests").iterdir()] == [".jsonl"]
        shutil.rmtree(data)
        at += 1
    assert at > 6


def test_what_no_certificate_names_is_missing_and_not_gone(tmp_path: Path) -> None:
    """A capture that somebody removed by hand is a loss, whatever a manifest says; one in a journal is not sealed."""
    [one] = town(tmp_path, [b"one"])
    made = suggest(tmp_path)
    for path in (tmp_path / "catalogue").rglob("*.run"):
        path.unlink()
    assert go(tmp_path, made).kept == {"missing": 1}
    assert one not in ids(tmp_path)
    assert certificates.every(Store(tmp_path)) == []


def test_no_more_is_sealed_while_a_disposal_runs(tmp_path: Path) -> None:
    town(tmp_path, [b"one"])
    made = suggest(tmp_path)
    with Sealer(tmp_path, UNSYNCED), pytest.raises(LeaseHeld):
        go(tmp_path, made)
