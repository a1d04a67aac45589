"""Honest files and honest mail are not called programs, macros or something else than they are."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from civicmail.core.message import message_parser
from civicmail.mail.screening import files
from civicmail.mail.screening.allowance import Allowance
from civicmail.mail.screening.file_scan import FileScan, Item

pytestmark = pytest.mark.corpora


def test_honest_attachments_are_what_they_say(corpora: Path) -> None:
    kinds: Counter[str] = Counter()
    for path in sorted((corpora / "attachments").rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            look = FileScan("files", 1, Allowance(), files.scan_file)
            files.scan_file(Item("1", 0, len(content), path.name, "", content), look)
            assert set(look.facts) <= {"files.encrypted"}, path.name
            locked = "password" in path.name.replace("_plain", "plain") or "psw" in path.name
            if not path.name.endswith(".exp") and "plain" not in path.name and "nopsw" not in path.name:
                assert ("files.encrypted" in look.facts) == locked, path.name
            kinds.update(list(look.types))
    assert kinds["rar"] >= 50 and kinds["pdf"] >= 30 and kinds["unknown"] <= 2


@pytest.mark.parametrize("folder", ["spamassassin/easy_ham_2", "spamassassin/hard_ham"])
def test_good_mail_has_no_false_alarm(corpora: Path, folder: str) -> None:
    for path in sorted((corpora / folder).iterdir())[::4]:
        found = files.scan_files(message_parser.parse(path.read_bytes()), Allowance())
        assert not [finding for finding in found.findings if finding.sure >= 50], path.name
