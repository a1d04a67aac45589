"""What is kept here is kept there: rounds, turns, and an installation made from the copy alone, its evidence included
(P-15, P-20, P-23, promises 1, 2 and 3)."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from civicmail.core.ledger.sequencer import Sequencer
from civicmail.core.ledger.verify import verify
from civicmail.mail.archive import outstanding_file
from civicmail.mail.archive.keyring import Keyring
from civicmail.mail.archive.losses import Losses
from civicmail.mail.archive.verify import Check
from civicmail.mail.replica.evidence import Evidence
from civicmail.mail.replica.journals import Journals
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


@pytest.mark.rule("P-15, promise 2", "A checkpoint record is not in a copy before the ledger that it signs.")
def test_a_checkpoint_waits_for_the_ledger_that_it_signs(town: Town, tmp_path: Path) -> None:
    town.receive(3)
    town.evidence(checkpoint=True)
    town.receive(1)
    with closing(folder_link(tmp_path / "copy")) as link:
        journals = Journals(town.data, link, {})
        assert journals.send({"0001": 5}, 0) == [1]
        assert journals.positions() == {"0001": 3}
        assert journals.send({"0001": 5}, 1) == []
        assert journals.positions() == {"0001": 5}


@pytest.mark.rule("P-15, promise 2", "An entry of the ledger is not in a copy before the records that it is about.")
def test_an_entry_waits_for_the_records_that_it_is_about(town: Town, tmp_path: Path) -> None:
    town.receive(3)
    town.evidence()
    with closing(folder_link(tmp_path / "copy")) as link:
        evidence = Evidence(town.data, link, {})
        evidence.send(1, {"0001": 2})
        assert evidence.size == 0
        evidence.send(1, {"0001": 3})
        assert evidence.size == 1


@pytest.mark.rule("P-23, promise 1", "A turn waits until the copy has every record and entry that its files may speak of.")
def test_a_turn_waits_for_every_record_that_its_files_may_speak_of(town: Town, tmp_path: Path) -> None:
    with closing(folder_link(tmp_path / "copy")) as link:
        shipper = ship(town, link)
        town.receive(4)
        outstanding_file.advance(town.data, town.clock())
        turn = shipper.turn()
        assert all(next(turn, "taken") is None for _ in range(50))
        assert not (tmp_path / "copy" / "outstanding" / "snapshot").exists()
        shipper.round()
        assert next(turn, "taken") == "taken"
        assert (tmp_path / "copy" / "outstanding" / "snapshot").exists()


@pytest.mark.rule("P-20, promise 3", "Files deleted here are deleted in the copy: journal files, spool files, keys, segments.")
def test_what_is_deleted_here_is_deleted_there(town: Town, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    with closing(folder_link(copy)) as link:
        town.receive(30, 900)
        town.receive(1, spooled=True)
        town.rest()
        town.evidence()
        shipper = ship(town, link)
        assert len(list(copy.glob("journal/*/*.log"))) == len(list(town.data.glob("journal/*/*.log"))) > 1
        assert town.seal() > 1
        Keyring(town.data).remove(sorted(Keyring(town.data).names())[:1])
        bring(shipper)
    for pattern in ("journal/*/*.log", "journal/*/spool/*", "keys/segments/*", "segments/*/*/*.seg"):
        here, there = (sorted(p.relative_to(top) for p in top.glob(pattern)) for top in (town.data, copy))
        assert here == there, pattern


def test_a_restored_installation_knows_which_mail_the_lost_one_may_have_delivered(town: Town, tmp_path: Path) -> None:
    copy, new = tmp_path / "copy", tmp_path / "new"
    town.receive(3)
    town.rest()
    town.evidence()
    with closing(folder_link(copy)) as link:
        ship(town, link, turns=2)
    restore(copy, new, now=town.clock())
    there = Town(new)
    (later,) = there.receive(1)
    there.rest()
    found = outstanding_file.current(new)
    assert {e.id for e in found.waiting() if found.is_orphan(e)} == set(town.bodies)
    assert later in {e.id for e in found.waiting()}


def test_a_journal_that_was_sealed_to_its_end_before_it_was_sent_holds_up_no_turn(town: Town, tmp_path: Path) -> None:
    copy, new = tmp_path / "copy", tmp_path / "new"
    town.receive(1)
    with closing(folder_link(copy)) as link:
        shipper = ship(town, link)
        town.receive(5)
        town.rest()
        town.evidence()
        assert town.seal()
        shipper.round()
        for _ in zip(range(2000), shipper.turn(), strict=False):
            shipper.round()
        shipper.round()
        assert shipper.positions()["0001"] == 6
    assert restore(copy, new, now=town.clock()).problems == []
    assert kept(new) == town.bodies


@pytest.mark.rule(
    "P-06, P-20",
    "Numbers that were sealed unsent and burnt are accounted for by who restores, so that mail behind them is sealed and "
    "`verify` names each loss once.",
)
def test_numbers_that_were_sealed_unsent_and_burnt_are_accounted_for(town: Town, tmp_path: Path) -> None:
    """More than `unsealed_most` waited unsent, so it was sealed, and the machine burnt before the next turn."""
    copy, new = tmp_path / "copy", tmp_path / "new"
    early = town.receive(1)
    with closing(folder_link(copy)) as link:
        shipper = ship(town, link)
        town.receive(5)
        town.rest()
        town.evidence()
        assert town.seal()
        late = town.receive(2)
        town.evidence()
        shipper.round()
        assert shipper.positions() == {"0001": 1}  # nobody was told of more
    found = restore(copy, new, now=town.clock())
    assert [p for p in found.problems if "records 2 to 6 of journal 0001; entry 0002:1" in p] == found.problems != []
    assert set(kept(new)) == waiting(new) == {*early, *late}
    with Sequencer(new) as ledger:
        ledger.integrate(town.clock())
    check, losses = Check(new, deep=True), Losses()
    explained = losses.explain([p.plain for p in verify(new, check.heads(), on_record=losses.add).problems])
    assert [(p["code"], p["journal"], p["number"], p["last"], p["entry"]) for p in explained] == [("lost", "0001", 2, 6, "0002:1")]
    assert check.problems == []
    again = Town(new)
    again.bodies = dict(town.bodies)
    again.receive(2)
    again.rest()
    again.evidence()
    assert again.seal()
    assert not [*(new / "journal").glob("*/*.log")]  # nothing waits behind the gap
    assert len(kept(new)) == 5
