"""Proofs of many records under one checkpoint; how they are checked without us is tested with tools/verify_export.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from civicmail.core.ledger.bulk_proofs import Proofs
from civicmail.core.ledger.errors import LedgerDamaged, NotIntegrated
from core.ledger.town import Town


@pytest.fixture
def town(tmp_path: Path) -> Town:
    town = Town(tmp_path / "data")
    for count, journal in ((5, "0001"), (1, "0002"), (7, "0001")):
        town.write(count, journal)
        town.integrate(signed=True)
    return town


def told(town: Town, numbers: set[int]) -> Proofs:
    proofs = Proofs(town.data)
    for n, r in enumerate(town.records()):
        if n in numbers:
            proofs.add(r.journal, r.number, r.head)
    return proofs


def test_there_is_a_line_for_the_ledger_and_one_for_each_batch(town: Town) -> None:
    proofs = told(town, set(range(13)))
    signed = proofs.signed()
    assert signed is not None
    first, *batches = proofs.lines(signed)
    assert (len(proofs), first["batches"], first["path"]) == (13, 3, []), "all batches are here, so no hash is missing"
    assert [b["index"] for b in batches] == [0, 1, 2]
    assert [b["records"] for b in batches] == [[0, 1, 2, 3, 4], [0], [0, 1, 2, 3, 4, 5, 6]]
    assert all(b["path"] == [] for b in batches)


def test_what_is_told_is_little_for_few_records(town: Town) -> None:
    proofs = told(town, {6})
    signed = proofs.signed()
    assert signed is not None
    first, batch = proofs.lines(signed)
    assert len(first["path"]) <= 2
    assert len(batch["path"]) == 3
    assert batch["records"] == [1]


def test_a_record_that_no_checkpoint_covers_has_no_proof_yet(town: Town) -> None:
    town.write(2)
    proofs = told(town, {0, 13})
    assert proofs.signed() is None
    town.integrate()
    assert proofs.signed() is None
    newest = told(town, {0}).signed()
    assert newest is not None
    with pytest.raises(NotIntegrated):
        list(proofs.lines(newest))
    town.integrate(signed=True)
    signed = proofs.signed()
    assert signed is not None
    assert len(list(proofs.lines(signed))) == 3


@pytest.mark.rule("P-21, promise 2", "A proof in an export is about the record that was integrated, and no replacement.")
def test_another_head_in_a_records_place_is_noticed(town: Town) -> None:
    """Promise 2."""
    proofs = told(town, {0, 1})
    record = town.records()[2]
    proofs.add(record.journal, record.number, record.head.replace(b"ana@", b"eve@"))
    signed = proofs.signed()
    assert signed is not None
    with pytest.raises(LedgerDamaged, match="Record 3"):
        list(proofs.lines(signed))


def test_leaves_that_were_changed_are_noticed(town: Town) -> None:
    path = town.ledger / "leaves" / "0001.bin"
    content = bytearray(path.read_bytes())
    content[0] ^= 1
    path.write_bytes(bytes(content))
    proofs = told(town, {1})
    signed = proofs.signed()
    assert signed is not None
    with pytest.raises(LedgerDamaged, match="not those of entry 0"):
        list(proofs.lines(signed))
