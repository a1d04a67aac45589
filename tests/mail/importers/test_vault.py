"""Exports of Google Vault: labels, accounts, what is missing, and metadata that are damaged or hostile."""

from __future__ import annotations

import resource
import zipfile
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from civicmail.core.query.parse import parse
from civicmail.mail.importers.errors import NoSuchPath
from civicmail.mail.importers.importing import ImportProgress, Request, run_import
from civicmail.mail.importers.intake import Totals
from civicmail.mail.importers.vault import reports
from civicmail.mail.importers.vault.exports import INSIDE, LEFT_OUT, MISSING, UNNAMED
from civicmail.mail.importers.vault.files import Unreadable
from civicmail.mail.importers.vault.metadata import Damage, Entry, entries
from civicmail.mail.importers.vault.table import Table
from civicmail.mail.importers.walk import Skipped
from civicmail.mail.search.counts import count
from civicmail.mail.search.reader import Reader
from mail.importers.moves import NOW, captures, data
from mail.importers.vaultexport import ANN, BEN, LABELS, NAME, Vault, body, document, mbox, row, table, xml

__all__ = ["data"]


class Run:
    def __init__(self, data: Path, *paths: Path, custodian: str = "") -> None:
        self.left: list[Skipped] = []
        told = ImportProgress(self.left.append, lambda read: None, lambda done, wanted: None)
        self.totals: Totals = run_import(data, Request(paths, custodian), told, lambda: NOW, 0)
        self.whys = Counter(left.why for left in self.left)

    @property
    def export(self) -> dict[str, Any]:
        (export,) = self.totals.exports
        return export


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "export")


def number(data: Path, query: str) -> int:
    return count(Reader(data), parse(query, now=None))


def kept(data: Path) -> dict[tuple[str, str], tuple[tuple[str, ...], tuple[str, ...]]]:
    """(custodian, subject) -> labels and flags."""
    return {(c.custodian, b.split(b"Subject: ")[1].split(b"\r\n")[0].decode()): (c.labels, c.flags) for c, b in captures(data)}


@pytest.mark.rule(
    "P-23",
    "Each message of a Vault export has the labels, flags and account of its own entry in the metadata, also where two "
    "mailboxes have the same Message-ID.",
)
def test_each_message_has_the_labels_flags_and_account_of_its_entry(vault: Vault, data: Path) -> None:
    """One Message-ID in two mailboxes has the labels of each."""
    run = Run(data, vault.folder)
    assert kept(data) == {
        (ANN, "pump 0"): (("Inbox", "Budget 2019"), ("\\Seen",)),
        (ANN, "pump 1"): (("Sent", "Bids, closed"), ()),
        (ANN, "pump 2"): (("Inbox",), ("\\Flagged",)),
        (ANN, "pump 3"): ((), ()),
        (BEN, "pump 1"): (("Inbox",), ()),
        (BEN, "pump 4"): (("Inbox", "Budget 2019"), ("\\Seen",)),
    }
    assert (number(data, "label:inbox"), number(data, 'label:"bids, closed"'), number(data, f"custodian:{BEN}")) == (4, 1, 2)
    assert {c.envelope.sender for c, _ in captures(data)} == {""}
    assert run.left == [] and run.totals.failed == 0
    assert (run.export["in_metadata"], run.export["read"], run.export["accounts"], run.export["missing"]) == (6, 6, 2, 0)
    again = Run(data, vault.folder)
    assert (again.totals.known, again.totals.stored) == (6, 0)


@pytest.mark.parametrize("shape", ["csv", "both", "zip", "mbox", "metadata", "elsewhere", "semicolons"])
def test_an_export_is_read_in_each_shape_that_it_comes_in(vault: Vault, data: Path, tmp_path: Path, shape: str) -> None:
    paths = [vault.folder]
    if shape in {"csv", "both", "semicolons"}:
        written = vault.csv()
        if shape != "both":
            vault.xml.unlink()
        if shape == "semicolons":
            rows = table(row(0), row(4, BEN), row(2), row(3), row(1), row(1, BEN)).replace(",", ";").replace('"^SENT;', '"^SENT,')
            written.write_text("\ufeff" + rows.replace("^INBOX;", "^INBOX,").replace(",^OPENED;", ",^OPENED,"), newline="")
    elif shape == "zip":
        with zipfile.ZipFile(vault.folder / f"{NAME}-1.zip", "w") as archive:
            for path in (vault.ann, vault.ben):
                archive.write(path, path.name)
                path.unlink()
    elif shape == "mbox":
        paths = [vault.ann, vault.ben]
    elif shape == "metadata":
        paths = [vault.xml]
    elif shape == "elsewhere":
        (tmp_path / "away").mkdir()
        paths = [vault.ann, vault.ben, vault.xml.rename(tmp_path / "away" / vault.xml.name)]
    run = Run(data, *paths)
    assert (run.totals.stored, run.totals.failed, run.export["missing"], run.export["not_in_metadata"]) == (6, 0, 0, 0)
    assert {custodian for custodian, _ in kept(data)} == {ANN, BEN}
    assert kept(data)[ANN, "pump 0"] == (("Inbox", "Budget 2019"), ("\\Seen",))
    assert [left for left in run.left if not left.note] == []


def test_of_an_mbox_that_is_named_alone_only_its_account_is_looked_at(vault: Vault, data: Path) -> None:
    run = Run(data, vault.ben)
    assert (run.totals.stored, run.totals.failed, run.export["missing"]) == (2, 0, 0)
    assert {custodian for custodian, _ in kept(data)} == {BEN}


def test_a_custodian_that_is_named_is_whose_all_of_it_is(vault: Vault, data: Path) -> None:
    Run(data, vault.folder, custodian="records")
    assert {c.custodian for c, _ in captures(data)} == {"records"}


@pytest.mark.rule(
    "P-23, P-24",
    "Messages that only the metadata or only the mail of a Vault export has are listed, each once, and missing ones count "
    "as failed.",
)
def test_what_only_one_side_has_is_listed(vault: Vault, data: Path) -> None:
    vault.csv()
    vault.ann.write_bytes(mbox(0, 1, 2, 7))
    run = Run(data, vault.folder)
    assert [(left.why, left.failed) for left in run.left] == [(UNNAMED, False), (MISSING, True)]
    assert run.left[0].name.startswith(f"{vault.ann} at byte ")
    assert run.left[1].name == f"{NAME}: pump-3@old.example of {ANN} (pump 3)"
    assert (run.totals.stored, run.totals.failed, run.export["missing"], run.export["not_in_metadata"]) == (6, 1, 1, 1)
    assert (ANN, "pump 7") in kept(data)


def test_checksums_counts_and_errors_of_vault_are_in_the_report(vault: Vault, data: Path) -> None:
    """P-23, P-24."""
    vault.write(f"{NAME}-errors.xml", "<Root><Batch name='b'><Documents>" + document(9) + "</Documents></Batch></Root>")
    vault.write(f"{NAME}-account-exceptions.csv", "Account,Error\r\ncarl@old.example,account was deleted\r\n")
    vault.write(
        f"{NAME}-result-counts.csv",
        f"Account,AccountStatus,SuccessCount,MessageErrorCount\r\nTotal,,7,3\r\n{ANN},Success,4,0\r\n{BEN},PartialAccountError,3,3\r\n",
    )
    vault.checksums()
    vault.ben.write_bytes(mbox(1, 4, account=BEN) + b"\n")
    vault.write(f"{NAME}-2.zip.md5", f"{'0' * 32} *{NAME}-2.zip\n")
    run = Run(data, vault.folder)
    said = [f"{left.name}: {left.why}" for left in run.left]
    assert any("Vault itself could not export: " in line and "16245" in line and "pump 9" in line for line in said)
    assert any("could not export: account carl@old.example; error account was deleted" in line for line in said)
    assert f"{NAME}: {BEN}: Vault itself reports: PartialAccountError, 3 messages not exported" in said
    assert f"{NAME}: {BEN}: Vault counts 3 messages of this account, and 2 were read" in said
    assert f"{vault.ben}: its checksum is not the one that Vault wrote; fetch the file again" in said
    assert f"{vault.folder}/{NAME}-2.zip: it is in the list of checksums, but is not there to be compared" in said
    assert (run.export["vault_errors"], run.export["checksums_right"], run.export["checksums_wrong"]) == (3, 5, 1)
    assert (run.totals.stored, run.totals.failed) == (6, 1)
    assert not any("no mail" in line for line in said) and len(said) == 6


def test_an_errors_file_without_errors_says_nothing(vault: Vault, data: Path) -> None:
    vault.write(
        f"{NAME}-errors.xml", "<?xml version='1.0'?><Root DataInterchangeType='Update'><Batch name='b'><Documents/></Batch></Root>"
    )
    vault.write(f"{NAME}-error.csv", "Account,Error\r\n")
    assert Run(data, vault.folder).left == []


@pytest.mark.parametrize(
    ("written", "errors"),
    [
        (
            "<errors><error><id>7</id><why>too large</why></error><error><id>8</id></error></errors>",
            ["id 7; why too large", "id 8"],
        ),
        ("<errors><error id='7' why='x'/><error id='8'>gone</error></errors>", ["id 7; why x", "id 8; error gone"]),
        ("<errors>quota</errors>", ["errors quota"]),
        ("<errors/>", []),
    ],
)
def test_errors_are_read_whatever_their_elements_are_called(tmp_path: Path, written: str, errors: list[str]) -> None:
    (tmp_path / "x-errors.xml").write_text(written)
    assert list(reports.errors(str(tmp_path / "x-errors.xml"))) == errors


@pytest.mark.rule(
    "P-23, P-29",
    "Damaged or hostile metadata lose no label and no message: messages without a readable entry are left out, in one "
    "sentence, until the next import.",
)
def test_damage_costs_only_the_entry_that_it_is_in_and_no_labels(vault: Vault, data: Path) -> None:
    """What has no entry because the metadata are damaged comes when they are whole, with its labels."""
    whole = vault.xml.read_text()
    vault.xml.write_text(whole.replace("<Tag TagName='#To'", "<Tag TagName=#To", 1).replace('"#To"', "#To", 1))
    run = Run(data, vault.folder)
    assert (run.totals.stored, run.totals.failed, run.export["left_out"]) == (5, 1, 1)
    assert [left.why for left in run.left] == [
        f"1 of its entries cannot be read, the first at byte {whole.index('<Document D')}",
        LEFT_OUT,
    ]
    vault.xml.write_text(whole)
    again = Run(data, vault.folder)
    assert (again.totals.stored, again.totals.known, again.totals.failed) == (1, 5, 0)
    assert kept(data)[ANN, "pump 0"] == (("Inbox", "Budget 2019"), ("\\Seen",))


BOMB = """<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><Root>"""


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (BOMB + document(0, labels="&b;") + "</Root>", "it declares a document type"),
        (xml(*map(document, range(4))).encode("utf-16"), "it is in UTF-16"),
        (xml(document(0)).replace("UTF-8", "Shift_JIS"), "it is in shift_jis"),
        ("no XML at all", "it is no XML"),
        ("", "it is no XML"),
        (xml(document(0), document(1))[:-300], "cannot be read, the first at byte"),
        (xml("<Document " * 1000), "1000 of its entries cannot be read"),
        ("<Root><Documents><Document DocID='1'>" + "x" * (5 << 20), "of its entries cannot be read"),
        ("<Root>" + "<Document>" + "<a>" * 100_000 + "</Document></Root>", "1 of its entries cannot be read"),
    ],
    ids=["entities", "utf-16", "charset", "text", "empty", "cut", "unclosed", "huge", "deep"],
)
def test_hostile_metadata_are_one_sentence_and_lose_nothing(vault: Vault, data: Path, content: str | bytes, why: str) -> None:
    """P-23, P-29."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    whole = vault.xml.read_bytes()
    vault.write(vault.xml.name, content)
    run = Run(data, vault.folder)
    notes = [left for left in run.left if left.note and left.why != UNNAMED]
    assert len(notes) == 1 and why in notes[0].why and notes[0].name == str(vault.xml)
    assert run.totals.stored + run.totals.failed == 6 and run.totals.failed == run.export["left_out"] >= 4
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 << 10
    vault.xml.write_bytes(whole)
    assert (Run(data, vault.folder).totals.failed, len(kept(data))) == (0, 6)
    assert kept(data)[ANN, "pump 1"] == (("Sent", "Bids, closed"), ())


def test_where_one_of_two_files_is_damaged_the_other_says_all(vault: Vault, data: Path) -> None:
    vault.csv()
    vault.write(vault.xml.name, BOMB)
    run = Run(data, vault.folder)
    assert (run.totals.stored, run.totals.failed, len(run.left)) == (6, 0, 1)
    assert kept(data)[ANN, "pump 0"] == (("Inbox", "Budget 2019"), ("\\Seen",))


def test_a_table_in_another_charset_is_read(tmp_path: Path) -> None:
    (tmp_path / "x-metadata.csv").write_bytes(table(row(0).replace("Budget", "Büro")).encode("cp1252") + b"short,row\r\n")
    read = list(entries(str(tmp_path / "x-metadata.csv")))
    assert isinstance(read[0], Entry) and "Büro 2019" in read[0].labels and read[1:] == [Damage("line 3")]
    (tmp_path / "x-metadata.xml").write_bytes(xml(document(0, labels="Büro")).encode("latin-1"))
    (one,) = entries(str(tmp_path / "x-metadata.xml"))
    assert isinstance(one, Entry) and one.labels == "Büro"


def test_a_link_to_metadata_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real.xml").write_text(xml(document(0)))
    (tmp_path / "x-metadata.xml").symlink_to(tmp_path / "real.xml")
    with pytest.raises(Unreadable):
        list(entries(str(tmp_path / "x-metadata.xml")))


def test_a_folder_that_is_named_by_a_link_is_the_same_export(vault: Vault, data: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(vault.folder)
    run = Run(data, tmp_path / "link")
    assert (run.left, run.export["read"], run.totals.stored) == ([], 6, 6)


def test_metadata_inside_an_archive_are_said_not_to_be_read(vault: Vault, data: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.write(vault.xml, vault.xml.name)
        archive.write(vault.ann, vault.ann.name)
    run = Run(data, tmp_path / "all.zip")
    assert [(left.why, left.failed) for left in run.left] == [(INSIDE, True)] and run.totals.stored == 4


def test_an_export_without_metadata_is_taken_and_said_so(vault: Vault, data: Path) -> None:
    vault.xml.unlink()
    vault.write(f"{NAME}-result-counts.csv", f"Account,AccountStatus,SuccessCount,MessageErrorCount\r\n{ANN},Success,4,0\r\n")
    run = Run(data, vault.folder)
    assert run.totals.stored == 6 and "without its metadata file" in run.left[0].why


def test_metadata_without_mail_beside_them_are_refused(tmp_path: Path, data: Path) -> None:
    (tmp_path / "x-metadata.xml").write_text(xml(document(0)))
    with pytest.raises(NoSuchPath, match="none lies beside it"):
        Run(data, tmp_path / "x-metadata.xml")


def test_many_entries_are_not_held_in_memory(tmp_path: Path) -> None:
    """100,000 entries are read one after the other."""
    path = tmp_path / "x-metadata.xml"
    with path.open("w") as file:
        file.write(xml().split("</Documents>")[0])
        for n in range(100_000):
            file.write(document(n))
        file.write("</Documents></Batch></Root>")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert sum(isinstance(entry, Entry) for entry in entries(str(path))) == 100_000
    assert path.stat().st_size > 50 << 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30 << 10


def test_what_is_no_export_is_as_before(tmp_path: Path, data: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "readme.md5").write_text("x")
    (tmp_path / "in" / "1.eml").write_bytes(body(1))
    run = Run(data, tmp_path / "in")
    assert run.totals.exports == [] and run.totals.stored == 1 and len(run.left) == 1
    assert LABELS


@pytest.mark.rule(
    "P-23",
    "The metadata of an export are read one entry after the other, and no message is looked up by reading all of them.",
)
def test_no_question_reads_the_whole_table() -> None:
    """An import of 100,000 messages asks 300,000 times."""
    with closing(Table()) as filled:
        filled.add(0, [Entry("m", "g", "i", ANN, "", ""), Entry("n", "h", "j", BEN, "", "")])
        filled.filled()
        asked: list[str] = []
        connection = filled._file
        connection.set_trace_callback(asked.append)
        row = filled.match(0, ["x", "h"], "", "")
        assert row is not None and row.account == BEN
        assert filled.match(0, ["x"], "i", BEN) is None and filled.match(0, [], "i", ANN) is not None
        filled.meet(row)
        connection.set_trace_callback(None)
        plans = [str(step) for question in asked for step in connection.execute(f"explain query plan {question}")]
    assert len(asked) == 9 and plans and not any("SCAN" in plan or "TEMP B-TREE" in plan for plan in plans)
