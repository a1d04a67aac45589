"""`civicmail import` of an export of Google Vault: by the command, from the folder to what a search finds."""

from __future__ import annotations

import json
from pathlib import Path

from front.cli.test_found import Office, office
from mail.importers.vaultexport import ANN, BEN, NAME, Vault, mbox

__all__ = ["office"]


def test_a_vault_export_comes_in_with_labels_accounts_and_a_report(office: Office, tmp_path: Path) -> None:
    """P-23, P-24."""
    vault = Vault(tmp_path / "vault")
    vault.csv()
    vault.write(f"{NAME}-errors.xml", "<errors><error id='m9'>could not be converted</error></errors>")
    vault.checksums()
    vault.ann.write_bytes(mbox(0, 1, 2, 7))
    said = office.run("import", vault.folder, "--manifest", tmp_path / "m.jsonl", code=1)
    assert said.splitlines() == [
        b"8 read: 6 stored, 0 known, 2 failed.",
        b"Vault export Email-Parks 2019: 6 messages in its metadata, 6 taken of 2 accounts, 1 missing, 1 that the metadata do not "
        b"name, 0 left out because the metadata are damaged, 1 errors of Vault itself. 4 of 5 files have the checksum that Vault "
        b"wrote.",
    ]
    assert b"failed: Email-Parks 2019: pump-3@old.example of ann@old.example (pump 3): the metadata" in office.err
    assert b"note: " in office.err and b"Vault itself could not export: id m9; error could not be converted" in office.err
    assert b"no mail" not in office.err
    *items, last = [json.loads(line) for line in (tmp_path / "m.jsonl").read_text().splitlines()]
    assert [item["status"] for item in items].count("note") == 1
    assert ["do not name it" in item.get("reason", "") for item in items if item["status"] == "stored"].count(True) == 1
    assert (last["report"]["items"], last["report"]["balanced"], last["report"]["vault"][0]["missing"]) == (8, True, 1)
    assert len(office.json("search", "label:inbox")) == 4
    assert len(office.json("search", f"custodian:{BEN}", "label:inbox")) == 2
    assert len(office.json("search", f"custodian:{ANN}", "label:sent")) == 1
    again = office.json("import", vault.folder, code=1)[0]
    assert (again["stored"], again["known"], again["vault"][0]["vault_errors"]) == (0, 6, 1)


def test_damaged_metadata_are_one_sentence_and_the_next_import_brings_the_rest(office: Office, tmp_path: Path) -> None:
    """P-23, P-29."""
    vault = Vault(tmp_path / "vault")
    whole = vault.xml.read_bytes()
    vault.xml.write_bytes(b"<!DOCTYPE r [<!ENTITY a 'b'>]>" + whole)
    assert office.run("import", vault.folder, code=1).startswith(b"6 read: 0 stored, 0 known, 6 failed.\n")
    assert b"metadata.xml: nothing of it can be used: it declares a document type, which could name entities\n" in office.err
    vault.xml.write_bytes(whole)
    assert office.run("import", vault.folder).startswith(b"6 read: 6 stored, 0 known, 0 failed.\n")
    assert len(office.json("search", "label:inbox")) == 4
