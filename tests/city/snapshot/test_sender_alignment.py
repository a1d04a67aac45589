"""Honest senders (P-14): 31 dishonest forms, each refused or corrected with its own sentence, and 12 honest ones that pass.

Ann (ann@city.example, "Ann Müller") may also send for the clerk. Each form is a header as it comes over the wire; the forms are
those of the espoofer collection and of our own, told in our own words.
"""

from __future__ import annotations

import email
import email.policy
import re
from base64 import b64encode
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from city.identity.people import LATER, T0, city, mailbox
from civicmail.city.snapshot.sender_alignment import Verdict, check, has_identification_block, mailbox_line
from civicmail.city.snapshot.sender_refusals import REFUSALS
from civicmail.core.message import message_parser
from civicmail.mail.courier.rendering import corrected, render

ANN = b"From: =?utf-8?q?Ann_M=C3=BCller?= <ann@city.example>\r\n"

DISHONEST = {
    # who it is
    "another's address": (b"From: <mayor@city.example>\r\n", "not-yours"),
    "an address outside": (b"From: Ann <ann@home.example>\r\n", "outside"),
    "a look-alike domain": (b"From: <ann@city.example.evil.example>\r\n", "outside"),
    "our domain in other letters": ("From: <ann@\u0441ity.example>\r\n".encode(), "confusable"),
    "a mailbox that was closed": (b"From: <old@city.example>\r\n", "mailbox-closed"),
    "an outsider with a right Sender": (b"From: <mayor@city.example>\r\nSender: <ann@city.example>\r\n", "not-yours"),
    # how many
    "no From at all": (b"Subject: x\r\n", "missing"),
    "two From fields": (ANN + b"From: <mayor@city.example>\r\n", "twice"),
    "two authors": (b"From: <ann@city.example>, <mayor@city.example>\r\n", "several"),
    "two addresses in brackets": (b"From: <ann@city.example> <mayor@city.example>\r\n", "two-addresses"),
    "a group": (b"From: City: ann@city.example;\r\n", "group"),
    "a second From behind a space": (b"From : <mayor@city.example>\r\n" + ANN, "header-space"),
    "a second From that begins with a space": (b" From: <mayor@city.example>\r\n" + ANN, "header-begins-folded"),
    "a second From behind a NUL": (b"From\0: <mayor@city.example>\r\n" + ANN, "header-broken"),
    "a second From behind a carriage return": (b"Subject: x\rFrom: <mayor@city.example>\r\n" + ANN, "header-bare-cr"),
    # how it is written
    "a route": (b"From: <@mayor.example:ann@city.example>\r\n", "route"),
    "a comment": (b"From: <ann@city.example> (mayor@city.example)\r\n", "comment"),
    "a quoted pair": (b'From: "Ann\\" <mayor@city.example>" <ann@city.example>\r\n', "quoted-pair"),
    "a quoted local part": (b'From: <"mayor@city.example>,<ann"@city.example>\r\n', "quoted-local"),
    "a NUL in the address": (b"From: <mayor@city.example\0@city.example>\r\n", "control"),
    "a line that seems to end the header": (b"From: <ann@city.example>,\r\n \r\n <mayor@city.example>\r\n", "blank-fold"),
    "something behind the address": (b"From: <ann@city.example> mayor@city.example\r\n", "after"),
    "an encoded address": (b"From: =?utf-8?b?bWF5b3JAY2l0eS5leGFtcGxl?=@city.example\r\n", "encoded-address"),
    "letters in an unknown code": (b"From: M\xe4yor <ann@city.example>\r\n", "bytes"),
    # the name
    "an address as the name": (b'From: "mayor@city.example" <ann@city.example>\r\n', "name-address"),
    "an encoded address as the name": (b"From: =?utf-8?q?mayor=40city=2Eexample?= <ann@city.example>\r\n", "name-address"),
    "the city's domain in the name": (b'From: "Help city.example" <ann@city.example>\r\n', "name-domain"),
    "the name of another": (b"From: Maria Mayor <ann@city.example>\r\n", "name-of-another"),
    "the name of another in other letters": ("From: M\u0430ria M\u0430yor <ann@city.example>\r\n".encode(), "name-scripts"),
    "signs that nobody sees": ("From: Ann \u202eroyam <ann@city.example>\r\n".encode(), "hidden"),
    "Resent fields": (ANN + b"Resent-From: <mayor@city.example>\r\n", "resent"),
}

HONEST = {
    "encoded by words": ANN,
    "encoded by base64": b"From: =?UTF-8?B?QW5uIE3DvGxsZXI=?= <ann@city.example>\r\n",
    "by two words": b"From: =?utf-8?q?Ann?= =?utf-8?q?_M=C3=BCller?= <ann@city.example>\r\n",
    "behind other fields": b"Received: from [192.0.2.1]\r\n\tby x; now\r\n" + ANN,
    "in Latin 1": b"From: =?iso-8859-1?q?Ann_M=FCller?= <ann@city.example>\r\n",
    "without a space": ANN.replace(b" <", b"\t<"),
    "an alias of hers": ANN.replace(b"ann@", b"a.mueller@"),
    "a plus address of hers": ANN.replace(b"ann@", b"ann+parks@"),
    "in capitals": ANN.replace(b"From", b"FROM").replace(b"ann@city", b"Ann@City"),
    "folded": b"From: =?utf-8?q?Ann_M=C3=BCller?=\r\n <ann@city.example>\r\n",
    "with Sender and Reply-To": ANN + b"Sender: <ann@city.example>\r\nReply-To: <clerk@city.example>\r\n",
    "with hundreds of other fields": b"X-A: 1\r\n" * 300 + ANN + b"Subject: From: the mayor <mayor@city.example>\r\n",
}

CORRECTED = {
    "no umlaut": (b"From: Ann Muller <ann@city.example>\r\n", [ANN]),
    "in UTF-8": ("From: Ann Müller <ann@city.example>\r\n".encode(), [ANN]),
    "in quotes": ('From: "Ann Müller" <ann@city.example>\r\n'.encode(), [ANN]),
    "no name": (b"From: <ann@city.example>\r\n", [ANN]),
    "no brackets": (b"From: ann@city.example\r\n", [ANN]),
    "a name of fancy": (b"From: Queen of Parks <ann@city.example>\r\n", [ANN]),
    "her address as her name": (b'From: "ann@city.example" <ann@city.example>\r\n', [ANN]),
    "a word that is not well encoded": (b"From: =?utf-8?q?Ann_M=C3?= <ann@city.example>\r\n", [ANN]),
    "for the clerk": (
        b"From: City Clerk <clerk@city.example>\r\n",
        [b"Sender: =?utf-8?b?QW5uIE3DvGxsZXI=?= <ann@city.example>\r\n", b"From: City Clerk <clerk@city.example>\r\n"],
    ),
    "for the clerk under her own name": (
        b"Sender: <mayor@city.example>\r\nFrom: =?utf-8?q?Ann_M=C3=BCller?= <clerk@city.example>\r\n",
        [b"Sender: =?utf-8?b?QW5uIE3DvGxsZXI=?= <ann@city.example>\r\n", b"From: City Clerk <clerk@city.example>\r\n"],
    ),
    "a Sender that is not the author": (ANN + b"Sender: <mayor@city.example>\r\n", [ANN]),
    "a Bcc that her program forgot": (b"Bcc: mayor@city.example\r\n" + ANN, [ANN]),
    "a blind copy under another name": (b"x-BCC: mayor@city.example\r\n" + ANN + b"Blind-Carbon-Copy: x\r\n", [ANN]),
    "verdicts of her own": (b"Authentication-Results: mail.city.example; dkim=pass\r\n" + ANN, [ANN]),
}
"""What is put right, and the fields that leave."""

CITY = city(mailboxes=[mailbox("old@city.example", "Old", state="closed", why="It was closed.")])
PERSON = CITY.people["ann"]


def said(header: bytes, sender: str = "ann@city.example", **more: object) -> Verdict:
    person = CITY.people["ann"]
    old = type(person.grants[0])("old@city.example", "delegate", LATER)
    person = type(person)(**{f: getattr(person, f) for f in person.__slots__} | {"grants": (*person.grants, old)})
    return check(header, sender, CITY, person=person, now=T0, **more)  # type: ignore[arg-type]


def left(header: bytes, verdict: Verdict) -> bytes:
    """The header as it leaves the city."""
    prepend, removed = corrected(verdict.findings)
    return b"".join(render([header + b"\r\n"], {"eol": "crlf", "prepend": prepend, "removed": removed}))


@pytest.mark.rule("P-14", "From is one mailbox that the sender owns or was granted.")
@pytest.mark.rule("P-14", "A name in From that imitates another person is rejected.")
@pytest.mark.parametrize(("header", "rule"), DISHONEST.values(), ids=DISHONEST.keys())
def test_a_dishonest_form_is_refused_with_its_own_sentence(header: bytes, rule: str) -> None:
    verdict = said(header)
    assert verdict.refused == rule
    assert verdict.smtp == f"550 5.7.1 {REFUSALS[rule]} ({rule}, P-14)"
    assert [f.code for f in verdict.findings] == [rule] and verdict.corrections == ()


def test_there_are_thirty_one_of_them_and_twelve_honest_ones() -> None:
    """Acceptance 4."""
    assert len(DISHONEST) == 31 and len(HONEST) == 12


@pytest.mark.parametrize("header", HONEST.values(), ids=HONEST.keys())
def test_an_honest_form_passes_as_it_is(header: bytes) -> None:
    verdict = said(header)
    assert verdict == Verdict(), verdict


@pytest.mark.rule("P-14", "A display name that differs from the directory is corrected.")
@pytest.mark.rule("P-14", "The sender of another's or a function's mailbox is named in Sender.")
@pytest.mark.parametrize(("header", "fields"), CORRECTED.values(), ids=CORRECTED.keys())
def test_what_is_only_wrong_is_put_right_and_the_rest_stays(header: bytes, fields: list[bytes]) -> None:
    verdict = said(header + b"Subject: hello\r\n", "ann+x@city.example")
    assert not verdict.refused and verdict.corrections
    there = left(header + b"Subject: hello\r\n", verdict)
    decoded = [re.sub(rb"=\?utf-8\?b\?QW5uIE3DvGxsZXI=\?=", b"=?utf-8?q?Ann_M=C3=BCller?=", f) for f in fields]
    there = re.sub(rb"=\?utf-8\?b\?QW5uIE3DvGxsZXI=\?=", b"=?utf-8?q?Ann_M=C3=BCller?=", there)
    assert sorted(there.splitlines(keepends=True)[:-1]) == sorted([*decoded, b"Subject: hello\r\n"])
    again = said(there[:-2], "ann@city.example")
    assert not again.refused and not again.corrections, "what leaves is honest"


def test_every_sentence_is_its_own_short_and_says_what_to_do() -> None:
    assert len(set(REFUSALS.values())) == len(REFUSALS)
    for rule, sentence in REFUSALS.items():
        assert sentence.isascii() and sentence.isprintable() and len(sentence) < 200, rule
        assert ":" in sentence, f"{rule} does not say what to do"


def test_the_null_return_path_is_taken_with_her_own_from_alone() -> None:
    """RFC 6409, 3.2 and RFC 8098, 3: a mail program confirms with it that a message was displayed."""
    assert said(ANN, "").refused == ""
    assert said(b"From: Bob <bob@city.example>\r\n", "").refused == "not-yours"


def test_the_return_address_is_hers_too() -> None:
    assert said(ANN, "mayor@city.example").refused == "envelope-not-yours"
    assert said(ANN, "ann@home.example").refused == "envelope-not-yours"
    assert said(ANN, "clerk@city.example").refused == ""


def test_a_grant_counts_until_its_end_and_only_with_the_right_to_send() -> None:
    clerk = b"From: <clerk@city.example>\r\n"
    assert check(clerk, "clerk@city.example", CITY, person=PERSON, now=LATER - 1).refused == ""
    assert check(clerk, "clerk@city.example", CITY, person=PERSON, now=LATER).refused == "envelope-not-yours"
    assert check(clerk, "ann@city.example", CITY, person=CITY.people["carol"], now=T0).refused == "envelope-not-yours"


def test_answers_to_an_address_outside_are_noted_and_pass() -> None:
    verdict = said(ANN + b"Reply-To: Ann <ann@home.example>\r\n")
    (finding,) = verdict.findings
    assert (finding.code, finding.offset, finding.length) == ("reply-outside", len(ANN), 34) and not verdict.refused


# -- relay

SCOPE = ("printer@city.example", "@app.city.example")


@pytest.mark.rule("P-14", "A relay's peer sends in its scope only, and its assertion is recorded as such.")
@pytest.mark.parametrize(
    ("header", "sender", "rule"),
    [
        (b"From: <printer@city.example>\r\n", "printer@city.example", ""),
        (b"From: Permits <no-reply@app.city.example>\r\n", "bounce@app.city.example", ""),
        (b"From: <no-reply@APP.City.Example>\r\n", "", ""),
        (b"From: <mayor@city.example>\r\n", "printer@city.example", "out-of-scope"),
        (b"From: <x@sub.app.city.example>\r\n", "printer@city.example", "out-of-scope"),
        (b"From: <printer@city.example>\r\n", "mayor@city.example", "envelope-out-of-scope"),
        (b'From: "mayor@city.example" <printer@city.example>\r\n', "printer@city.example", "name-address"),
        (b"From: Maria Mayor <printer@city.example>\r\n", "printer@city.example", "name-of-another"),
        (b"From: <printer@city.example>, <mayor@city.example>\r\n", "printer@city.example", "several"),
    ],
)
def test_a_peer_sends_in_its_scope_only_and_what_it_says_is_recorded_as_its_word(header: bytes, sender: str, rule: str) -> None:
    verdict = check(header, sender, CITY, scope=SCOPE, now=T0)
    assert verdict.refused == rule
    assert ("asserted" in [f.code for f in verdict.findings]) == (not rule)


# -- the identification block


def test_the_identification_block_names_the_person_and_the_department() -> None:
    wanted = "{name}, Department {department}"
    assert has_identification_block("Hello\n\nAnn  Müller,\n department CLERK\n", wanted, CITY, PERSON, T0)
    assert not has_identification_block("Hello\n\nBob Baker, Department clerk", wanted, CITY, PERSON, T0)


# -- whatever is written

PIECES = st.sampled_from(
    [
        *(
            "From",
            "from",
            "FROM",
            "Sender",
            "Resent-From",
            "Subject",
            "X-From",
            ":",
            " :",
            ": ",
            "\r\n",
            "\r\n ",
            "\r\n \r\n ",
            "\r",
            "\n",
        ),
        *("<", ">", "<", ">", "@", ",", ";", '"', '"', "\\", "(", ")", "[", "]", " ", "\t", "\0", "=?utf-8?q?", "=?utf-8?b?", "?="),
        *(
            "ann@city.example",
            "mayor@city.example",
            "clerk@city.example",
            "ann",
            "mayor",
            "city.example",
            "evil.example",
            "@evil.example",
        ),
        *("Ann Müller", "Maria Mayor", "City Clerk", "bWF5b3JAY2l0eS5leGFtcGxl", "=40", "\u200b", "\u202e", "\u0430"),
    ]
)
NAMED = st.one_of(
    st.text('annmayor Mülé.,@<>"()\\:;=?\u0430\u200b', max_size=12),
    st.text(max_size=8).map(lambda t: f"=?utf-8?b?{b64encode(t.encode('utf-8', 'replace')).decode()}?="),
    st.text("ann=_?40", max_size=10).map(lambda t: f"=?utf-8?q?{t}?="),
    st.sampled_from(
        ["Ann Müller", '"Maria Mayor"', "City Clerk", "", '"mayor@city.example"', "=?utf-8?q?mayor=40city=2Eexample?="]
    ),
)
ADDRESSED = st.sampled_from(
    ["<ann@city.example>", "ann@city.example", "<clerk@city.example>", "<mayor@city.example>", "<ann@city.example"]
)
LINES = st.one_of(
    st.tuples(NAMED, ADDRESSED).map(lambda p: f"From: {p[0]} {p[1]}\r\n"),
    st.tuples(NAMED, NAMED, ADDRESSED).map(lambda p: f"From: {p[0]} {p[1]}\r\n {p[2]}\r\n"),
    st.tuples(st.sampled_from(["Sender", "Reply-To", "Resent-From", "X-From", "From "]), NAMED, ADDRESSED).map(
        lambda p: f"{p[0]}: {p[1]} {p[2]}\r\n"
    ),
    st.lists(PIECES, max_size=14).map("".join),
    st.lists(PIECES, max_size=4).map(lambda p: "From: " + "".join(p) + "<ann@city.example>\r\n"),
)
MINE = {"ann@city.example", "clerk@city.example", "a.mueller@city.example", "ann@parks.example"}
NAMES = {"", "Ann Müller", "City Clerk"}


@pytest.mark.rule("P-14", "From is written so that every program reads the same sender.")
@settings(max_examples=500)
@given(st.lists(LINES, min_size=1, max_size=2).map("".join))
def test_no_header_passes_whose_displayed_sender_is_not_a_granted_mailbox(text: str) -> None:
    """Every program that reads what leaves, ours and others', sees one author: hers, under the directory's name."""
    header = text.encode("utf-8", "surrogatepass")
    verdict = said(header)
    if verdict.refused:
        assert REFUSALS[verdict.refused]
        return
    content = left(header, verdict) + b"\r\n"
    message = message_parser.parse(content)
    assert [a.addr.lower().replace("ann+x", "ann") for a in message.from_] == [message.from_[0].addr.lower()]
    assert message.from_[0].addr.lower() in MINE and message.from_[0].display in NAMES
    theirs = email.message_from_bytes(content, policy=email.policy.default)
    assert len(theirs.get_all("From", [])) == 1
    addresses = theirs["From"].addresses
    assert [a.addr_spec.lower() for a in addresses] == [message.from_[0].addr.lower()]
    assert addresses[0].display_name in NAMES


def test_a_name_becomes_a_line_that_every_program_reads_back() -> None:
    for name in (
        "Ann Miller",
        "Ann Müller",
        "O'Neill, Dr. Ann (Clerk)",
        'Ann "The" M',
        "李" * 40,
        "Ü" * 70,
        "=?utf-8?q?x?=",
        "a\\b",
    ):
        lines = mailbox_line("From", name, "ann@city.example")
        assert all(line.isascii() and len(line) <= 78 for line in lines)
        content = "\r\n".join([*lines, "", ""]).encode()
        assert message_parser.parse(content).from_[0].display == name
        theirs = email.message_from_bytes(content, policy=email.policy.default)["From"].addresses[0]
        assert theirs.display_name.replace(" ", "") == name.replace(" ", ""), "it puts a space between two words of one name"


@pytest.mark.parametrize("kind", ["employee", "contractor", "vendor", "agent", "volunteer", "board member", "elected"])
def test_every_kind_of_person_is_held_to_the_same(kind: str) -> None:
    """P-09: outsiders are bound as employees are, and nobody is above it."""
    who = replace(PERSON, kind=kind)
    for header, rule in [*DISHONEST.values(), *((h, "") for h in HONEST.values())]:
        if rule != "mailbox-closed":
            assert check(header, "ann@city.example", CITY, person=who, now=T0).refused == rule
