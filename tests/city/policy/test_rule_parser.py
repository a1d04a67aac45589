"""A book that is wrong anywhere is not used, and what is wrong is told with file, line and column."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from city.policy.books import book, starter, text_of
from civicmail.city.policy import rule_parser
from civicmail.city.policy.dispositions import disclosable_rules
from civicmail.city.policy.engine import smtp_reply
from civicmail.city.policy.errors import UnusableBook

GOOD = text_of()
LINES = {line.partition(" =")[0]: number for number, line in enumerate(GOOD.splitlines(), 1)}


def told(text: str, *more: str) -> str:
    with pytest.raises(UnusableBook) as error:
        book(text, *more)
    return str(error.value)


@pytest.mark.parametrize(
    ("changed", "key", "said"),
    [
        ({"id": '"A rule"'}, "id", "id has small letters, digits and single hyphens, at most 60"),
        ({"id": '"keep-copy"'}, "id", "keep-copy is how records name what is done whatever rules say"),
        ({"clause": '"P-32"'}, "clause", "the policy has no clause P-32: P-01 to P-31"),
        ({"severity": '"huge"'}, "severity", "severity is one of low, medium, high, not 'huge'"),
        ({"mode": '"on"'}, "mode", "mode is one of shadow, notify, enforce, not 'on'"),
        ({"do": '"drop"'}, "do", "do is one of deliver, mark, encrypt, hold, quarantine, refuse, not 'drop'"),
        ({"owner": '" "'}, "owner", "owner is empty"),
        ({"why": "3"}, "why", "why is text"),
        ({"expires": '"2027-12-31"'}, "expires", "expires is a day like 2027-06-30, without quotes"),
        ({"expires": "2027-12-31T10:00:00"}, "expires", "expires is a day, or a time with its offset (2027-06-30T12:00:00Z)"),
        ({"sender": '"x\\ny"'}, "sender", "sender is said in one line of SMTP: no line ends, and ASCII but for the reader"),
        ({"sender": '"ñ"'}, "sender", "sender is said in one line of SMTP: no line ends, and ASCII but for the reader"),
        ({"sender": f'"{"x" * 241}"'}, "sender", "sender has 241 characters, 240 at most: it is said in one line"),
        ({"sender": None}, "[[rule]]", "a rule that does refuse says `sender`"),
        ({"why": None}, "[[rule]]", "the rule has no why"),
    ],
)
def test_a_field_that_is_wrong_is_told_with_its_line(changed: dict[str, str | None], key: str, said: str) -> None:
    """P-29."""
    lines = [line for line in GOOD.splitlines() if changed.get(line.partition(" =")[0], "") is not None]
    lines = [f"{k} = {changed[k]}" if (k := line.partition(" =")[0]) in changed else line for line in lines]
    assert told("\n".join(lines)) == f"0.toml, line {LINES[key]}: {said}."


def test_a_condition_that_is_wrong_is_told_with_line_and_column() -> None:
    """P-29."""
    assert told(text_of(when="inbound && spam.bnad == 'x'")) == (
        f"0.toml, line {LINES['when']}, column 22: in when, there is no fact spam.bnad; the nearest is spam.band."
    )
    below = text_of(when="\ninbound &&\n  spam.bnad == 'x'")
    assert told(below).startswith(f"0.toml, line {LINES['when'] + 2}, column 3: in when, there is no fact spam.bnad")
    escaped = text_of(when="inbound").replace("when = '''inbound'''", r'when = "inbound && from.name == \"a\" && x"')
    assert told(escaped).startswith(f"0.toml, line {LINES['when']}: in when, there is no fact x")
    assert ": in unless, there is no fact inbund; the nearest is inbound." in told(text_of(unless="inbund"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = [", "0.toml is no TOML: Invalid value (at end of document)."),
        ("rules = 3", "0.toml, line 1: there is no field rules; the nearest is rule."),
        ("rule = 3", "0.toml, line 1: a rule is a table, [[rule]]."),
        ("rule = [{id = 'a'}]", "0.toml, line 1: each rule begins with a line [[rule]]."),
        ("title = 3", "0.toml, line 1: title is text."),
        ("matrix = 3", "0.toml, line 1: the matrix is a table, [matrix]."),
        ("[matrix]\nclamd = { inbound = 'hold' }", "0.toml, line 2: there is no part clamd; the nearest is clamav."),
        ("[matrix]\n\nclamav = { inbound = 'hold' }", "0.toml, line 3: the row of clamav has inbound, internal, outbound."),
    ],
)
def test_a_file_that_is_wrong_is_told(text: str, said: str) -> None:
    assert told(text) == said


def test_a_field_that_nobody_knows_is_told_with_the_nearest() -> None:
    assert told(text_of(modus="x")).endswith(": there is no field modus; the nearest is mode.")


def test_two_rules_of_one_name_are_no_book() -> None:
    """P-29. Also in different files."""
    assert told(GOOD, text_of()) == "1.toml, line 1: a rule is called a-rule already (0.toml, line 1)."


@pytest.mark.rule("P-29", "A rule whose examples have other results than its owner states is rejected.")
def test_an_example_that_does_not_come_out_stops_the_book() -> None:
    """Both ways, and each rule has one of each."""
    first = GOOD.splitlines().index("[[rule.example]]") + 1
    assert told(text_of(fits="inbound = false")) == f"0.toml, line {first}: rule a-rule does not fit this example, and should."
    assert told(text_of(spares="inbound = true")) == f"0.toml, line {first + 3}: rule a-rule fits this example, and should not."
    unknown = text_of(when="size(malware.found) > 0", fits="unavailable = ['clamav']", spares="inbound = true")
    assert told(unknown) == f"0.toml, line {first}: rule a-rule cannot tell about this example, and should."
    only = GOOD[: GOOD.rindex("[[rule.example]]")]
    assert told(only) == "0.toml, line 1: rule a-rule needs an example that it fits and one that it does not."
    assert told(only[: only.rindex("[[rule.example]]")]) == "0.toml, line 1: the rule has no example."
    assert told(text_of(fits="inbund = true")).endswith(": there is no fact inbund; the nearest is inbound.")
    assert told(text_of(fits="spam.score = 'x'")).endswith(": the fact spam.score is int, not 'x'.")


def test_what_a_refusal_says_fits_on_a_line_of_smtp() -> None:
    """P-29. With the longest words, a clause, whom to ask, a number and an address behind (RFC 5321 4.5.3.1.5)."""
    longest = book(text_of(sender="x" * rule_parser.MAX_TEXT_LENGTH, ask="y" * rule_parser.MAX_CONTACT_LENGTH)).rules[0]
    number, address = " [019c0000-0000-7000-8000-000000000000]", " https://mail.city.example/policy/text/#p-02"
    assert len(smtp_reply(longest) + number + address) <= 480
    assert all(len(smtp_reply(rule)) <= 400 and smtp_reply(rule).isascii() for rule in starter().rules)


def test_a_book_has_limits() -> None:
    """However many rules somebody writes, mail does not wait for them."""
    many = "".join(text_of(f"r-{n}", "inbound" + " || inbound" * 1_600) for n in range(30))
    with pytest.raises(UnusableBook, match="together have at most 400,000 characters"):
        book(many)
    with pytest.raises(UnusableBook, match="has at most 1000 rules"):
        book("".join(text_of(f"r-{n}") for n in range(1_001)))


def test_a_version_is_of_the_text() -> None:
    assert book(GOOD).version == book(GOOD).version != book(GOOD + "\n").version


def test_a_time_may_end_a_rule() -> None:
    """An emergency ends at its hour and not at midnight."""
    assert book(text_of(expires="2026-06-01T10:30:00Z")).rules[0].ends == 1_780_309_800_000


@pytest.mark.parametrize("do", ["refuse", "quarantine", "hold", "mark"])
def test_what_mail_is_about_is_never_itself_a_reason(do: str) -> None:
    """P-12, P-13. No book has a rule that holds, refuses or marks mail for its topic: it asks for a review."""
    fits = "use.categories = ['campaign']"
    when = "'campaign' in use.categories"
    assert "never by itself a reason" in told(text_of("use-a", when, fits, do=do))
    book(text_of("use-a", when, fits, do="deliver", review="use"))


def test_rules_about_use_are_known_by_their_name() -> None:
    """P-12. So that no technical page has to know the book to keep them to itself."""
    fits = "use.bulk = true"
    assert "are called use-" in told(text_of("bulk", "use.bulk", fits, do="deliver"))
    assert "are called use-" in told(text_of("use-inbound", do="deliver"))
    assert disclosable_rules(("a", "shadow:use-b", "use-b", "notify:c", "forecast:mark:use-d")) == ("a", "notify:c")


LOOKS = st.sampled_from(
    ["spam.band == 'spam'", "spam.score > 900", "spam.reported", "spam.others >= 990",
     "spam.band == 'spam' || size(malware.found) > 0",
     "inbound && sender.first && spam.score >= 500", "spam.band != 'ham' && spam.score > 10", "!(spam.score < 990)",
     "spam.reported && from.domain == 'mailbox.example'", "spam.score > 900 && auth.dmarc != 'fail'"]
)  # fmt: skip


@pytest.mark.rule("P-02, P-12, P-13", "Text alone never rejects mail, and the subject of mail only leads to a review by a person.")
@given(LOOKS)
def test_no_book_refuses_a_stranger_on_the_look_of_their_text(when: str) -> None:
    """Nothing from somebody who writes for the first time is refused on content score alone."""
    fits = "spam.band = 'spam', spam.score = 990, spam.reported = true, spam.others = 1000, inbound = true, sender.first = true"
    fits += ", from.domain = 'mailbox.example'"
    assert "on the judgement of its text alone (P-02)" in told(text_of(when=when, fits=fits))
    book(text_of(when=when, fits=fits, do="quarantine"))


def test_a_look_may_add_to_what_is_proven() -> None:
    book(text_of(when="auth.dmarc == 'fail' && spam.score > 900", fits="auth.dmarc = 'fail', spam.score = 950"))


@given(st.text(st.sampled_from("[]rule.example = '\"\n{}matrix#i d"), max_size=80))
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        book(text)
    except UnusableBook as error:
        assert re.match(r"0\.toml", str(error))
