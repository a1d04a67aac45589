"""The meaning of the leaves and of their combinations."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from civicmail.core.query.match import matches
from civicmail.core.query.parse import parse
from civicmail.core.query.tree import View

NOW = datetime(2024, 6, 1, tzinfo=UTC)


def ms(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp() * 1000)  # type: ignore[arg-type, misc]


VIEW: View = {
    "subject": "annual  report 2024",
    "body": "dear ann  the 東  京  figures are ready",
    "attachment": "pump  curve 7  rev b",
    "from": "bob de vries bob@x.example bob bob@ @x.example",
    "to": "ann lee ann.lee@city.example ann lee ann.lee@ @city.example",
    "cc": "",
    "bcc": "boss@city.example boss boss@ @city.example",
    "rcpt": "ann.lee@city.example ann lee ann.lee@ @city.example",
    "filename": "figures pdf | plan xlsx",
    "filetype": "pdf application/pdf xlsx",
    "list": "dev lists example",
    "messageid": "abc@x.example",
    "thread": "root@x.example",
    "custodian": "ann lee",
    "folder": "outlook pst inbox 2024 budget",
    "sent": "bob@x.example",
    "source": "relay",
    "withheld": "",
    "mailfrom": "",
    "received": ms(2024, 5, 2),
    "date": ms(2024, 5, 1, 23, 59),
    "size": 2048,
    "given": 2000,
    "attachments": 2,
    "unreadable": 1,
    "id": "018f000000007000aaaaaaaaaaaaaaaa",
    "sha256": "ab" * 32,
}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "report",
        "Annual-Report",
        '"curve 7"',
        "attachment:pump",
        "attachment:(curve rev)",
        "is:unreadable",
        '"annual report"',
        "repor*",
        '"annual rep*"',
        "東京",
        "boss",
        "xlsx",
        "annual figures",
        "zebra OR report",
        "-zebra",
        "report -(zebra OR horse)",
        "bob@x.example",
        "from:bob@x.example",
        "from:@x.example",
        "from:x.example",
        "to:ann.lee",
        "from:bob*",
        'from:"de vries"',
        "bcc:boss rcpt:ann",
        "filename:plan.xlsx filetype:pdf filetype:application/pdf",
        "list:lists.example",
        "messageid:<abc@X.example>",
        'custodian:"Ann Lee"',
        "folder:inbox/2024",
        "label:budget",
        "has:attachment larger:2047 smaller:2049",
        "before:2024-05-02 after:2024-05-01 on:2024-05-01 date:2024-04..2024-05",
        "newer_than:30d older_than:29d",
        "dear AROUND 4 figures",
        "figures AROUND 4 dear",
        "dear AROUND(4) figures",
        '"figures are" AROUND 4 "dear ann"',
        "body:fig* AROUND 4 ann",
        "-(dear AROUND 3 figures)",
        "-dear AROUND 3 figures",
        "from:bob AROUND 1 de",
        "thread:<Root@x.example>",
        "id:018f00000000 sha256:abababababab id:abababababababab",
    ],
)
def test_a_query_fits_what_it_describes(text: str) -> None:
    assert matches(parse(text, now=NOW), VIEW)


@pytest.mark.parametrize(
    "text",
    [
        "body:pump",
        "attachment:dear",
        "-is:unreadable",
        '"ready pump"',
        "zebra",
        "epor*",
        '"report annual"',
        '"2024 dear"',
        '"pdf plan"',
        "京東",
        "annual zebra",
        "-report",
        "NOT (zebra OR report)",
        "from:ob@x.example",
        "from:ann",
        "from:example",
        "to:lee@city.example",
        "to:city",
        "subject:figures",
        "city.example",
        "x@y.example",
        "larger:2k",
        "smaller:2k",
        "before:2024-05-01",
        "on:2024-05-02",
        "newer_than:29d",
        "id:018f00000001",
        "dear AROUND 3 figures",
        "figures AROUND 3 dear",
        "dear AROUND 9 dear",
        "annual AROUND 9 dear",
        '"dear ann" AROUND 9 "ann the"',
        "subject:dear AROUND 9 figures",
        "thread:abc@x.example",
    ],
)
def test_a_query_fits_nothing_else(text: str) -> None:
    assert not matches(parse(text, now=NOW), VIEW)


def test_free_words_do_not_look_at_the_envelope() -> None:
    hidden: View = {**VIEW, "rcpt": "secret@city.example secret secret@ @city.example"}
    assert not matches(parse("secret", now=NOW), hidden)
    assert not matches(parse("secret@city.example", now=NOW), hidden)
    assert matches(parse("rcpt:secret", now=NOW), hidden)
