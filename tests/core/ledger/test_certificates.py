"""What a certificate names may be gone; anything else that is gone is dropped (promises 2 and 3)."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path

import pytest

from civicmail.core.disk import journal
from civicmail.core.ledger.problems import KeptRecord, Problem
from civicmail.core.ledger.verify import verify
from core.ledger.town import Town, canonical


@pytest.fixture
def town(tmp_path: Path) -> Town:
    town = Town(tmp_path)
    town.write(4)
    town.write(3, "0002")
    town.integrate(signed=True)
    return town


def problems(town: Town, sealed: tuple[KeptRecord, ...] = ()) -> list[Problem]:
    return verify(town.data, sealed).problems


def only(town: Town) -> Problem:
    [found] = problems(town)
    return found


def certificate(town: Town, records: dict[str, list[list[int]]], name: str = "0004") -> None:
    """A `disposed` record, as the archive writes it before anything goes."""
    place = journal.folder(town.data) / name
    town.files.make_folder(place / "spool")
    j = journal.Journal.take_named(town.data, name, files=town.files, file_size=1 << 16)
    plain = {"v": 1, "type": "disposed", "id": str(uuid.UUID(int=0)), "at": town.now, "to": [], "facts": {"records": records}}
    j.append(15, bytes(16), lambda name, n: canonical(plain | {"journal": name, "number": n}))
    j.flush(town.now)
    j.close()


@pytest.mark.parametrize("integrated", [False, True])
def test_what_a_certificate_names_may_be_gone_and_nothing_else(town: Town, integrated: bool) -> None:
    certificate(town, {"0002": [[1, 2]]})
    if integrated:
        town.integrate()
    assert problems(town) == []
    assert verify(town.data).disposed == 0  # it is all there still
    shutil.rmtree(journal.folder(town.data) / "0002")
    problem = only(town)
    assert (problem.code, problem.journal, problem.number, problem.last) == ("dropped", "0002", 3, 3)
    assert verify(town.data).disposed == 2


@pytest.mark.rule("P-15, promise 3", "Only an integrated certificate, or one still in a journal, accounts for a missing record.")
def test_a_certificate_that_was_never_integrated_certifies_nothing_in_a_segment(town: Town) -> None:
    """Promise 3: else whoever drops a record could invent the certificate for it afterwards."""
    shutil.rmtree(journal.folder(town.data) / "0002")
    plain = {"v": 1, "type": "disposed", "journal": "0009", "number": 1, "facts": {"records": {"0002": [[1, 3]]}}}
    found = {p.code for p in problems(town, (KeptRecord("0009", 1, canonical(plain), True),))}
    assert found == {"dropped", "invented"}


def test_words_of_a_certificate_in_another_record_certify_nothing(town: Town) -> None:
    plain = {"v": 1, "type": "entry", "facts": {"type": "disposed", "records": {"0002": [[1, 3]]}}}
    place = journal.folder(town.data) / "0004"
    town.files.make_folder(place / "spool")
    j = journal.Journal.take_named(town.data, "0004", files=town.files, file_size=1 << 16)
    j.append(9, bytes(16), lambda name, n: canonical(plain | {"journal": name, "number": n}))
    j.flush(town.now)
    j.close()
    town.integrate()
    shutil.rmtree(journal.folder(town.data) / "0002")
    assert only(town).code == "dropped"
