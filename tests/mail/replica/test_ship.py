"""What is kept here is kept there: rounds, turns, and an installation made from the copy alone (P-23, promise 1)."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from civicmail.core.ledger.verify import verify
from civicmail.mail.archive.verify import Check
from civicmail.mail.replica.restore import restore
from mail.replica.making import Town, bring, folder_link, kept, ship, waiting


def problems(data: Path) -> list[str]:
    check = Check(data, deep=True)
    found = [p.text for p in verify(data, check.heads()).problems]
    return found + [p.sentence for p in check.problems]


def test_an_installation_made_from_the_copy_has_everything(town: Town, tmp_path: Path) -> None:
    copy, new = tmp_path / "copy", tmp_path / "new"
    with closing(folder_link(copy)) as link:
        town.receive(20)
        town.receive(2, spooled=True)
        town.evidence(checkpoint=True)
        shipper = ship(town, link)
        town.rest()
        assert town.seal()
        town.receive(5)
        town.evidence(checkpoint=True)
        bring(shipper)
        town.receive(3)
        shipper.round()
    found = restore(copy, new, now=town.clock())
    assert found.problems == []
    assert kept(new) == town.bodies
    assert waiting(new) == set(town.bodies)
    assert problems(new) == []
