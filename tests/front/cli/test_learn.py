"""`learn`, `unlearn`, `explain`: messages from files and from the archive, taken in by `tick`, explained token by token (P-02)."""

from __future__ import annotations

import hashlib
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.records import Capture, Source
from civicmail.mail.screening import model
from front.cli.office import Office, now
from mail.screening.mailbag import mail


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setenv("CIVICMAIL__SCREENING__CHECKS", '["spam"]')
    return Office(tmp_path / "data")


def keep(office: Office, raw: bytes) -> str:
    at, sha256 = now(), hashlib.sha256(raw).digest()
    envelope = Envelope("w@outside.example", (Recipient("ann@city.example"),), at, "192.0.2.4", "mx.outside.example")
    made = Capture(capture_id(at), at, sha256, len(raw), sha256, Source("mx"), envelope)
    with closing(Writer(office.data, now)) as writer:
        writer.receipt(made, raw)
        writer.flush()
    return made.uuid


def maildir(folder: Path, start: int, count: int, *, spam: bool) -> Path:
    for name in ("cur", "new", "tmp"):
        (folder / name).mkdir(parents=True)
    for n in range(start, start + count):
        (folder / "cur" / f"{n}:2,S").write_bytes(mail(n, spam=spam))
    return folder


def test_a_maildir_and_a_kept_message_are_taught_and_taken_back(office: Office, tmp_path: Path) -> None:
    id_ = keep(office, mail(1, spam=True))
    box = maildir(tmp_path / "ham", 10, 3, spam=False)
    assert office.run("learn", id_, "--spam") == 0 and office.run("learn", str(box), "--ham") == 0
    assert office.run("tick") == 0
    assert (model.read(office.data).spam, model.read(office.data).ham) == (1, 3)
    assert office.run("unlearn", id_) == 0 and office.run("unlearn", str(box)) == 0
    assert office.run("tick") == 0
    assert (model.read(office.data).spam, model.read(office.data).ham) == (0, 0)


def test_a_message_is_explained_token_by_token(office: Office, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    id_ = keep(office, mail(500, spam=True))
    assert office.run("explain", id_) == 0
    assert b"which says nothing: it was not told enough yet" in capfdbinary.readouterr().out
    office.run("learn", str(maildir(tmp_path / "ham", 0, 200, spam=False)), "--ham")
    office.run("learn", str(maildir(tmp_path / "spam", 0, 50, spam=True)), "--spam")
    assert office.run("tick") == 0
    capfdbinary.readouterr()
    assert office.run("explain", id_, "--json", "--most", "12") == 0
    said = orjson.loads(capfdbinary.readouterr().out)
    assert said["band"] in ("unsure", "spam") and said["score"] > 500 and len(said["tokens"]) == 12
    assert {"words", "form", "bytes", "letters", "hop"} == set(said["sums"])


def test_what_is_nowhere_is_said(office: Office, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert office.run("learn", "0" * 12, "--spam") == 1
    assert office.run("learn", str(tmp_path / "empty"), "--spam") == 2
    assert office.run("learn", str(tmp_path / "empty")) == 2, "spam or ham has to be said"
