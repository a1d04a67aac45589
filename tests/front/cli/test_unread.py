"""Commands have messages read in limited processes, and say so where one cannot be read (P-24)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from civicmail.core.sandbox.errors import CRASHED
from civicmail.mail.pipeline import fingerprint_client, fingerprints
from civicmail.mail.search import message_reader, message_requests
from front.cli.office import Office
from mail.sick import SICK, pool


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """A message that brings its readers down."""
    services = message_requests.SERVICE, fingerprints.SERVICE
    one, other = (pool(service, what="os.abort()") for service in services)
    with closing(one), closing(other):
        monkeypatch.setattr(message_reader, "pool", lambda: one)
        monkeypatch.setattr(fingerprint_client, "pool", lambda: other)
        made = Office(tmp_path / "data")
        made.receive(SICK)
        assert made.run("tick") == 0
        yield made


@pytest.mark.rule("P-24", "A command shows an unreadable message with its envelope and its exact bytes, and the reason.")
def test_what_cannot_be_read_is_shown_with_its_envelope_and_its_bytes(
    office: Office, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Why, and where the exact bytes are."""

    def said(*words: str) -> tuple[int, bytes, bytes]:
        capfdbinary.readouterr()
        return office.run(*words), *capfdbinary.readouterr()

    id_ = orjson.loads(said("search", "is:unreadable", "--json")[1])["id"]
    code, out, words = said("show", id_)
    assert code == 0 and id_.encode() in out and b"quicksilver" not in out
    assert f"cannot be read: {CRASHED}. --raw".encode() in words
    assert orjson.loads(said("show", id_, "--json")[1])["letter"]["unreadable"] == CRASHED
    assert said("show", id_, "--raw")[1] == SICK
    code, out, words = said("explain", id_)
    assert (code, out) == (1, b"") and f"says nothing to the learner: {CRASHED}".encode() in words
