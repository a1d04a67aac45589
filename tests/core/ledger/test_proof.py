"""A proof under a signed checkpoint, and none without (P-15, promise 2)."""

from __future__ import annotations

from pathlib import Path

import pytest

from civicmail.core.ledger import checkpoints, notes, proof
from civicmail.core.ledger.errors import LedgerDamaged, NotIntegrated
from core.ledger.town import Town, flip


@pytest.fixture
def town(tmp_path: Path) -> Town:
    town = Town(tmp_path)
    for n in range(3):
        town.write(4)
        town.integrate(signed=n < 2)
    return town


def test_a_record_under_a_checkpoint_has_a_proof(town: Town) -> None:
    for r in town.records()[:8]:
        plain = proof.prove(town.data, r.journal, r.number, r.head)
        assert plain["head"].encode() == r.head
        assert plain["ledger"]["size"] == 2
        assert proof.is_published(town.data, r.journal, r.number)


def test_a_proof_can_be_had_under_an_older_checkpoint(town: Town) -> None:
    first = notes.read(checkpoints.paths(town.ledger)[0].read_text())
    r = town.records()[0]
    assert proof.prove(town.data, r.journal, r.number, r.head, first)["ledger"] == {"index": 0, "size": 1, "path": []}
    with pytest.raises(NotIntegrated):
        proof.prove(town.data, "0001", 5, town.records()[4].head, first)


@pytest.mark.rule("P-15, promise 2", "A record counts as published only under a signed checkpoint that covers it.")
def test_no_proof_before_a_checkpoint_covers_the_record(town: Town) -> None:
    assert not proof.is_published(town.data, "0001", 9)
    with pytest.raises(NotIntegrated, match="No signed checkpoint"):
        proof.prove(town.data, "0001", 9, town.records()[8].head)
    with pytest.raises(NotIntegrated, match="not in the ledger yet"):
        proof.prove(town.data, "0001", 13, b"{}")


def test_no_proof_for_another_head(town: Town) -> None:
    with pytest.raises(LedgerDamaged, match="not the one that was integrated"):
        proof.prove(town.data, "0001", 2, town.records()[2].head)


@pytest.mark.parametrize(("name", "at"), [("leaves/0001.bin", 40), ("tree/0.bin", 40), ("entries.log", 100)])
def test_no_proof_from_a_ledger_that_does_not_hold_together(town: Town, name: str, at: int) -> None:
    flip(town.ledger / name, at)
    with pytest.raises(LedgerDamaged):
        proof.prove(town.data, "0001", 1, town.records()[0].head)
