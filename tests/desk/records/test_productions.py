"""A production is ordered, made, checked, approved by a second person as exact bytes, and released."""

from __future__ import annotations

import base64
import errno
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted
from civicmail.city.guard.models import Entry
from civicmail.core.disk.files import File, Files
from civicmail.core.ledger import keys
from civicmail.core.sandbox.ocr import Ocr
from civicmail.desk.records.actions import productions
from civicmail.desk.records.models import Decision, Item, Production, Redaction
from civicmail.desk.records.production import verify_production
from civicmail.desk.records.production.making import MADE
from civicmail.desk.records.worker_jobs import productions as worker
from civicmail.desk.records.worker_jobs.productions import FULL, sweep
from desk.records.production_world import LETTER, SECRET, Release

pytestmark = pytest.mark.django_db


class QuietOcr(Ocr):
    """OCR that reads nothing. One test here has the real one, and tests/core/redaction."""

    def words_any_way_up(self, picture: bytes) -> tuple[str, str]:
        return "", ""


@pytest.fixture
def desk(city: Any, installed: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Release:
    if "goes_from_order" not in request.node.name:
        monkeypatch.setattr(worker, "find_tesseract", lambda _: QuietOcr("", "", finds_orientation=True))
    made = Release(city, installed)
    made.assign("attorney", "attorney")
    return made


def acts(desk: Release) -> list[str]:
    rows = Entry.objects.filter(object=f"request:{desk.request.number}", act__startswith="records.")
    return list(rows.order_by("pk").values_list("act", flat=True))


@pytest.mark.rule("P-21", "A release is checked whole, approved by a second person as exact bytes, signed, and only then opened.")
def test_r26_a_production_goes_from_order_to_release(desk: Release) -> None:
    row = desk.make(desk.order("eml", "dat"))
    assert (row.state, row.problems, row.done, row.total, row.last) == ("asked", [], 2, 2, 2), row.why
    assert desk.request.number in {f.name[:13] for f in row.files.all()}
    row = desk.release(desk.approve(row))
    desk.request.refresh_from_db()
    assert (row.state, desk.request.state) == ("released", "released")
    files = desk.files(row)
    assert not [name for name, content in files.items() if SECRET.encode() in content]
    assert acts(desk)[-4:] == ["records.ordered", "records.made", "records.approved", "records.released"]
    entry = Entry.objects.get(act="records.released")
    assert entry.facts["manifest"] == row.files.get(name="manifest.json").sha256
    made = Entry.objects.filter(act="content.export").get()
    assert made.facts["documents"] == 2, "reading left its entry"


def test_r26_the_folder_is_verified_offline(desk: Release) -> None:
    row = desk.release(desk.approve(desk.make(desk.order())))
    key = base64.b64encode(keys.public(desk.data / "keys")).decode()
    manifest = row.files.get(name="manifest.json").sha256
    problems, sentences = verify_production.verify(productions.folder(desk.data, row) / "files", key, manifest)
    assert problems == [] and sentences[-1] == "The office signed the manifest."


def test_r30_the_balance_is_on_the_row_in_the_log_and_in_the_letter(desk: Release) -> None:
    row = desk.make(desk.order())
    sentence = "5 located = 1 released in full + 1 redacted + 1 withheld + 0 not responsive + 0 not a record + 1 purely personal"
    files = desk.files(row)
    for name in ("withholding-log.csv", "letter.txt", "README.txt"):
        assert sentence in files[name].decode()
    assert row.balance["duplicate"] == 1
    assert "number 14: 19.36(13)" in files["letter.txt"].decode() and "19.37(1)" in files["letter.txt"].decode()


def test_r23_nobody_approves_what_they_reviewed_or_ordered(desk: Release) -> None:
    row = desk.make(desk.order())
    desk.assign("records", "second")
    with pytest.raises(NotPermitted):
        productions.approve(row, row.manifest, actor=desk.actor("recorder"), now=desk.now())
    Decision.objects.filter(request=desk.request, verdict="release").update(by=desk.city.people["attorney"])
    with pytest.raises(NotPermitted):
        desk.approve(row)
    assert Production.objects.get(pk=row.pk).state == "asked"


def test_r23_an_approval_is_of_the_bytes_that_were_seen(desk: Release) -> None:
    row = desk.make(desk.order())
    with pytest.raises(Conflict, match="files changed since you saw them"):
        productions.approve(row, "0" * 64, actor=desk.actor("attorney"), now=desk.now())
    row = desk.approve(row)
    row.files.filter(name="index.csv").update(sha256="1" * 64)
    with pytest.raises(Conflict, match="not those that were approved"):
        desk.release(row)


@pytest.mark.parametrize("when", ["before approval", "before release"])
def test_r23_a_decision_that_changes_ends_the_approval(desk: Release, when: str) -> None:
    row = desk.make(desk.order())
    if when == "before release":
        desk.approve(row)
    Redaction.objects.filter(request=desk.request).update(reason="Another reason.")
    with pytest.raises(Conflict, match="A decision of the request changed"):
        desk.approve(row) if when == "before approval" else desk.release(row)


def test_nothing_is_ordered_while_a_decision_is_missing_or_contradicts(desk: Release) -> None:
    desk.item(9)
    with pytest.raises(Conflict, match="000009 is not decided"):
        desk.order()
    Redaction.objects.filter(request=desk.request).update(code="")
    with pytest.raises(Conflict, match="Redaction 14 of 000001 has no code"):
        desk.order(interim=True)


def test_r27_what_is_decided_is_released_before_the_rest(desk: Release) -> None:
    """A rolling release: the second one has only what is new, and its pages go on."""
    late = desk.item(9, capture=desk.captures[9])
    first = desk.release(desk.approve(desk.make(desk.order(interim=True))))
    assert first.balance["open"] == 1 and "1 items are still in review" in desk.files(first)["letter.txt"].decode()
    desk.request.refresh_from_db()
    assert desk.request.state == "review"
    desk.decide(late.number, "release")
    second = desk.make(desk.order())
    assert (second.state, second.first, second.last, second.total) == ("asked", 3, 3, 1), second.problems
    assert {row.item for row in second.files.all()} == {0, 9}
    assert "still in review" not in desk.files(second)["withholding-log.csv"].decode()


def test_r22_what_the_gate_refuses_is_not_released_and_can_be_made_again(desk: Release) -> None:
    desk.decide(4, "release")
    leaky = desk.bodies[4].replace(b"Pizza", SECRET.encode() + b" pizza")
    desk.bodies = {4: leaky}
    Item.objects.filter(request=desk.request, number=4).update(capture=desk.archived()[4])
    row = desk.make(desk.order())
    assert row.state == "leaks" and row.problems and SECRET not in str(row.problems)
    with pytest.raises(Conflict):
        desk.approve(row)
    desk.decide(4, "personal", code="schill", reason="Purely personal.")
    row = productions.again(row, actor=desk.actor(), now=desk.now())
    assert desk.make(row).state == "asked"


def test_r26_a_killed_worker_continues_without_a_changed_byte(desk: Release) -> None:
    row = desk.order("eml")
    killed = desk.worker()
    killed._begin(row).step(0)  # one family is made; the process ends here
    row.refresh_from_db()
    assert row.state == "making"
    before = desk.files(row)
    row = desk.make(row)
    assert row.state == "asked" and before.items() <= desk.files(row).items() and len(before) == 3
    whole = desk.files(row)
    productions.stop(row, "again", actor=desk.actor(), now=desk.now())
    productions.again(row, actor=desk.actor(), now=desk.now())
    assert desk.files(desk.make(row)) == whole


class FullDisk(Files):
    """A disk that is full from the third file on."""

    opened = 0

    def open(self, path: Path, *, create: bool = False) -> File:
        file = super().open(path, create=create)
        FullDisk.opened += path.suffix != ".jsonl"

        class Full(File):
            def write_at(self, offset: int, chunks: Sequence[bytes | memoryview]) -> int:
                raise OSError(errno.ENOSPC, "No space left on device")

        return Full(path, file.fd) if FullDisk.opened > 3 else file


def test_r26_a_full_disk_stops_it_with_a_sentence_and_loses_nothing(desk: Release) -> None:
    row = desk.order()
    producing = desk.worker(files=FullDisk())
    while producing.step():
        pass
    row.refresh_from_db()
    assert (row.state, row.why) == ("stopped", FULL)
    assert desk.make(productions.again(row, actor=desk.actor(), now=desk.now())).state == "asked"


def test_what_was_given_up_is_removed_after_two_weeks(desk: Release) -> None:
    row = desk.order()
    desk.worker()._begin(row).step(0)
    place = productions.folder(desk.data, row)
    productions.stop(row, "no more", actor=desk.actor(), now=desk.now())
    assert sweep(desk.data, desk.now()) == 0 and (place / MADE).exists()
    Production.objects.filter(pk=row.pk).update(since=from_ms(desk.now() - 15 * 86_400_000))
    assert sweep(desk.data, desk.now()) == 1 and not list(place.iterdir())


def test_a_returned_production_goes_back_to_review(desk: Release) -> None:
    row = desk.make(desk.order())
    with pytest.raises(NotPermitted):
        productions.give_back(row, "Mark the street.", actor=desk.actor(), now=desk.now())
    row = productions.give_back(row, "Mark the street.", actor=desk.actor("attorney"), now=desk.now())
    desk.request.refresh_from_db()
    assert (row.state, row.why, desk.request.state) == ("returned", "Mark the street.", "review")


@pytest.mark.rule("P-21", "What is withheld whole does not leave as a quote of it, unless a person writes down why.")
def test_r14_a_released_reply_that_quotes_a_withheld_message_leaves_only_with_a_note(desk: Release) -> None:
    secret = "The lead for the joints is melted with\n61 parts of tin, and nobody else knows that."
    reply = "I see.\n> " + secret.replace("\n", "\n> ")
    desk.bodies = {n: LETTER.format(n=n, body=body.replace("\n", "\r\n")).encode() for n, body in ((2, reply), (3, secret))}
    for n, capture in desk.archived().items():
        Item.objects.filter(request=desk.request, number=n).update(capture=capture)
    row = desk.make(desk.order())
    assert row.state == "leaks"
    assert row.problems == ["Item 000002 quotes item 000003, which is withheld: redact that, or note at 000002 why it may leave."]
    desk.decide(2, "release", note="The formula was in the newspaper.")
    row = desk.make(productions.again(row, actor=desk.actor(), now=desk.now()))
    assert (row.state, row.problems) == ("asked", [])
