"""Files and links by which one attack is known, and nothing else of them (P-25)."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from civicmail.core.config.settings import Settings
from civicmail.core.message import message_parser
from civicmail.core.message.model import Envelope
from civicmail.mail.screening import all_links, indicators, link_targets
from civicmail.mail.screening.check_context import CheckContext
from civicmail.mail.screening.reader_request import ReadMessage
from civicmail.mail.screening.shapes import CheckResult, CombinedCase, ContentCase, ExtractedFile, ExtractedMessage


def inner(*urls: str, attached: str = "") -> CheckResult:
    """What the limited process says of a letter with these links."""
    body = "".join(f"<a href='{url}'>here</a>\r\n" for url in urls)
    raw = f"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n{body}\r\n"
    raw += f"--b\r\nContent-Type: text/html; name=a.html\r\nContent-Disposition: attachment\r\n\r\n{attached}\r\n--b--\r\n"
    return link_targets.find(ContentCase(raw.encode(), message_parser.parse(raw.encode()), ReadMessage()))


def facts(found: CheckResult, files: int = 0) -> CheckResult:
    """What rules are told."""
    seen = ExtractedMessage(
        files=tuple(ExtractedFile("2", "a.pdf", "application/pdf", "pdf", 9, f"{n:064x}") for n in range(files))
    )
    more = {indicators.NAME: found.more}
    return indicators.find(
        CombinedCase(seen, Envelope("a@b.example", (), 0), "mx", True, CheckContext(Settings(), 0, None, {}), {}, more)
    )


def test_a_place_is_the_same_whoever_the_link_was_made_for() -> None:
    """One attack: another query for each victim, another way to write the same host."""
    one = indicators.target_digest("https://pay.evil.example/login?victim=1#x")
    assert one == indicators.target_digest("http://PAY.evil.example/login/?victim=2")
    assert len(one) == 16
    assert one != indicators.target_digest("https://pay.evil.example/other")
    assert one != indicators.target_digest("https://evil.example/login")


@pytest.mark.parametrize(
    "url", ["", "#here", "mailto:a@b.example", "javascript:alert(1)", "https://", "http://[", "http://[::1/x", "\x00"]
)
def test_what_leads_nowhere_has_no_place_and_breaks_nothing(url: str) -> None:
    assert indicators.target_digest(url) == ""
    assert facts(inner(url)).facts["links.places"] == ()


@pytest.mark.rule("P-25", "Links and files to nowhere hide none that a rule names, however many there are.")
def test_a_thousand_links_to_nowhere_hide_none_from_a_rule() -> None:
    """Whatever stands in front, in the letter and in a page that comes with it; the same place counts once, and no address
    is told."""
    decoys = [f"https://h.example/{n % 900}" for n in range(1000)]
    found = facts(inner(*decoys, "https://evil.example/pay?v=1", attached="<a href='https://evil.example/page'>x</a>"), files=300)
    known = found.facts["links.places"]
    assert isinstance(known, tuple) and len(known) == 902
    assert {indicators.target_digest("https://evil.example/pay"), indicators.target_digest("https://evil.example/page")} <= set(
        known
    )
    assert len(found.facts["files.sha256"]) == 300  # type: ignore[arg-type]
    assert "example" not in repr(found)


def test_of_more_links_than_are_looked_at_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Promise 6: a rule that asks for a place follows the fail matrix then, as after a check that failed."""
    monkeypatch.setattr(all_links, "MAX_LINKS", 3)
    assert inner(*[f"https://h.example/{n}" for n in range(3)]).facts == {}
    found = inner(*[f"https://h.example/{n}" for n in range(4)])
    assert found.facts == {"unavailable": ("exact",)} and len(found.more["places"]) == 3


@pytest.mark.parametrize("said", [None, 3, {"places": 3}, {"places": [1, None]}, {}])
def test_a_process_that_was_taken_over_says_nothing_that_counts(said: object) -> None:
    case = CombinedCase(
        ExtractedMessage(), Envelope("", (), 0), "mx", True, CheckContext(Settings(), 0, None, {}), {}, {"exact": said}
    )  # type: ignore[dict-item]
    assert indicators.find(case).facts["links.places"] == ()


def test_of_an_endless_path_the_beginning_counts() -> None:
    path = "https://h.example/" + "%41" * 500
    assert (
        indicators.target_digest(path)
        == indicators.target_digest(f"{path}/other")
        != indicators.target_digest("https://h.example/other")
    )


@given(
    st.lists(
        st.sampled_from(
            ["http", "HTTPS", ":", "/", "//", "h.example", "@", "[", "?q", "#f", "%41", "%", ";", "\t", " ", "\\", "\u00e4", "a"]
        )
    )
)
@example(pieces=["http", ":", "//", "h.example", "/", "a", "\t", "?q"])
@example(pieces=["http", ":", "//", "h.example", ";", "a"])
def test_an_ordinary_link_has_the_path_that_urlsplit_says(pieces: list[str]) -> None:
    """What is read in a quarter of the time is read the same."""
    url = "".join(pieces)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(indicators, "_ORDINARY", re.compile(r"(?!)()"))
        slow = indicators.target_digest(url)
    assert indicators.target_digest(url) == slow
