"""What screening found out about a message, in lines for its reader (P-25, P-26, P-27, P-31)."""

from __future__ import annotations

from typing import Any

import pytest

from civicmail.city.policy.facts import FACTS
from civicmail.desk.mailbox.views.checks import CheckLine, check_lines

PROVEN = {"from.domain": "paving.example", "auth.dmarc": "pass"}


def lines(**facts: Any) -> list[tuple[str, str, str]]:
    """facts: with a double underscore for the dot of a name."""
    named = PROVEN | {name.replace("__", "."): value for name, value in facts.items()}
    assert named.keys() <= FACTS.keys()
    return [(line.result, line.about, line.text) for line in check_lines(named)]


def test_an_ordinary_message_has_what_was_in_order() -> None:
    assert lines(links__count=2, files__count=1, sender__known=True) == [
        ("good", "Correspondent", "the city has had mail from this address before"),
        ("good", "Sender’s domain", "paving.example did send it"),
        ("good", "Links", "2, with nothing odd about them"),
        ("good", "Files", "1, no malware was found in it"),
    ]


@pytest.mark.rule("P-26", "A domain that did not prove that it sent a message is a doubt, and one that was not asked is unknown.")
@pytest.mark.parametrize("verdict", ["fail", "none"])
def test_a_domain_without_proof_is_a_doubt(verdict: str) -> None:
    assert lines(auth__dmarc=verdict)[0] == ("doubt", "Sender’s domain", "nothing proves that it sent this")
    assert lines(auth__dmarc=verdict, auth__vouched=True)[0][0] == "good", "a sealer that the city believes says that it passed"
    assert lines(auth__dmarc="temperror")[0] == ("unknown", "Sender’s domain", "could not be checked")


@pytest.mark.rule("P-25, promise 6", "A check that could not be made is never shown as if it had found nothing.")
@pytest.mark.parametrize(
    ("check", "about"),
    [("names", "Name"), ("dmarc", "Sender’s domain"), ("links", "Links"), ("clamav", "Files"), ("files", "Files")],
)
def test_what_could_not_be_checked_is_not_called_good(check: str, about: str) -> None:
    found = lines(unavailable=(check,), links__count=1, files__count=1)
    assert (about, "could not be checked") in {(line[1], line[2]) for line in found if line[0] == "unknown"}
    assert about not in {line[1] for line in found if line[0] == "good"}


@pytest.mark.parametrize(
    ("fact", "value", "about"),
    [
        ("names.staff", True, "Name"),
        ("names.lookalike", True, "Sender’s domain"),
        ("names.reply_elsewhere", True, "Answers"),
        ("sender.first", True, "First contact"),
        ("links.deceptive", True, "Links"),
        ("links.lookalike", True, "Links"),
        ("links.credentials", True, "Links"),
        ("links.address", True, "Links"),
        ("links.data", True, "Links"),
        ("links.qr", True, "Links"),
        ("malware.found", ("Eicar",), "Files"),
        ("files.executable", True, "Files"),
        ("files.macros", True, "Files"),
        ("files.active", True, "Files"),
        ("files.form", True, "Files"),
        ("files.smuggling", True, "Files"),
        ("files.mismatch", True, "Files"),
    ],
)
@pytest.mark.rule("P-27, P-31", "What screening doubts stands first among the checks of a message.")
def test_each_doubt_has_its_line_and_stands_first(fact: str, value: Any, about: str) -> None:
    first = check_lines(PROVEN | {"links.count": 1, "files.count": 1, fact: value})[0]
    assert (first.result, first.about) == ("doubt", about)


@pytest.mark.parametrize("fact", ["files.encrypted", "files.unread", "files.limits"])
def test_a_file_that_was_not_looked_into_is_unknown(fact: str) -> None:
    assert CheckLine("unknown", "Files", "one could not be looked into") in check_lines(PROVEN | {"files.count": 1, fact: True})
