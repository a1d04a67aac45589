"""The city's name in sender fields, however it is written: kept back where any mail program shows it as the sender (P-26)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from civicmail.core.message import message_parser
from civicmail.mail.screening import cityname
from civicmail.mail.screening.senderfields import MAX_FIELDS, senders
from mail.screening import signers
from mail.screening.outside import found
from mail.screening.spellings import EVIL, KEPT, MAYOR, PASSING, REFUSED, is_ours, message
from mail.screening.test_authentication import OURS, dns
from neighbours.mailreaders import GMime, by_python

CITY = ("city.example",)
BY_THE_CITY = {"sender": "x@evil.example", "helo": "mx.evil.example"}


def is_kept(raw: bytes, **more: Any) -> bool:
    facts = found(raw, dns(), **({"sender": "x@evil.example"} | more)).facts
    return bool(facts.get("auth.own_domain") or facts.get("auth.disguised"))


@pytest.fixture(scope="module")
def gmime() -> Iterator[GMime | None]:
    if not GMime.there:
        yield None
        return
    with GMime() as reader:
        yield reader


def shown(raw: bytes, gmime: GMime | None) -> set[str]:
    """The readers that show an address of the city as the sender."""
    said = {
        "python": by_python(raw),
        "civicmail": {one.addr.lower() for one in message_parser.parse(raw).from_},
        "gmime": gmime.addresses(raw) if gmime is not None else set(),
    }
    return {reader for reader, addresses in said.items() if any(map(is_ours, addresses))}


@pytest.mark.rule(
    "P-26",
    "A sender that some program shows as the city's, in any encoding, is held; only the city's own signature of its one "
    "From excuses the form.",
)
@pytest.mark.parametrize("client", ["192.0.2.7", "127.0.0.1", "10.0.0.9"])
def test_no_spelling_of_the_citys_name_is_delivered(client: str) -> None:
    every = KEPT | REFUSED
    assert len(every) >= 101
    assert [name for name, header in every.items() if not is_kept(message(header), client=client)] == []


def test_what_names_a_stranger_alone_in_every_program_passes(gmime: GMime | None) -> None:
    for name, header in PASSING.items():
        raw = message(header)
        assert not is_kept(raw) and not shown(raw, gmime), name


def test_the_spellings_take_programs_in(gmime: GMime | None) -> None:
    """They are no straw men: each reader shows the city's address for most of them."""
    by: dict[str, int] = {}
    for header in (KEPT | REFUSED).values():
        for reader in shown(message(header), gmime):
            by[reader] = by.get(reader, 0) + 1
    assert by.get("python", 0) > 90 and by.get("gmime", 91) > 60, by


_PIECES = (
    b"mayor", b"city", b".example", b"@", b"@city.example", MAYOR, EVIL, b"<", b">", b"(", b")", b'"', b"\\", b",", b";", b":",
    b" ", b"\t", b"\r\n ", b".", b"=?utf-8?q?", b"=?utf-8?b?", b"?=", b"=40", b"=2E", b"%40", b"\xc3\xad", b"\xe2\x80\x8b",
    b"\xef\xbc\xa0", b"\xff", b"[", b"]", b"\r\nFrom: ", b"\r\nFrom : ", b"\r\nSender: ", b"\r\nFrom", b"\r\n", b"x",
    b"\x0b", b"\x1b(B", b"xn--", b"+AEA-", b"bWF5b3JAY2l0eS5leGFtcGxl",
)  # fmt: skip


def mutated() -> st.SearchStrategy[bytes]:
    """From fields: spellings cut, joined and stuffed with what parsers trip over."""
    values = st.sampled_from([header for header in KEPT.values() if len(header) < 500])
    pieces = st.lists(st.sampled_from(_PIECES), min_size=1, max_size=8).map(b"".join)

    def cut(parts: tuple[bytes, bytes, bytes, int, int]) -> bytes:
        one, piece, other, at, to = parts
        return one[: at % (len(one) + 1)] + piece + other[to % (len(other) + 1) :]

    places = st.integers(0, 500)
    return st.one_of(
        st.tuples(values, pieces, values, places, places).map(cut), pieces.map(lambda value: b"From: " + value + b"\r\n")
    )


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mutated())
@example(b"From: mayor@city.example@evil.example\r\n")
def test_no_mutation_is_shown_as_the_citys_and_delivered(gmime: GMime | None, header: bytes) -> None:
    raw = message(header if header.endswith(b"\r\n") else header + b"\r\n")
    readers = shown(raw, gmime)
    assert not readers or is_kept(raw), (readers, raw)


# -- what is proven


def test_the_citys_own_signature_proves_whatever_form_its_one_from_has() -> None:
    odd = OURS.replace(b"From: Ann <mayor@city.example>", b"From: mayor@city.example (Ann, the mayor)")
    assert odd != OURS and is_kept(odd)
    assert not is_kept(signers.signed(odd, domain="city.example"), **BY_THE_CITY)
    assert not is_kept(odd, client="198.51.100.1", sender="news@city.example")
    stranger = signers.signed(odd, domain="sender.example")
    assert is_kept(stranger, **BY_THE_CITY)


@pytest.mark.rule("P-26", "A From beside the one that the city signed, in any form, invalidates the proof.")
def test_a_second_from_before_what_the_city_signed_is_kept() -> None:
    signed = signers.signed(OURS, domain="city.example")
    assert not is_kept(signed)
    for name, value in ((b"From", MAYOR), (b"From ", MAYOR), (b"From", EVIL), (b"\xffFrom", EVIL), (b"From\r\n ", EVIL)):
        more = name + b": " + value + b"\r\n"
        assert is_kept(more + signed), more


@pytest.mark.rule(
    "P-26",
    "Sender, Resent fields and a return address in the name of the city need the city's proof; a stranger's own is none.",
)
def test_sender_and_resent_fields_are_proven_as_from_is() -> None:
    """A stranger's own proof is none for the city's name beside it."""
    for name in (b"Sender", b"Resent-From", b"Resent-Sender"):
        line = name + b": clerk@hall.city.example\r\n"
        theirs = line + signers.signed()
        assert found(theirs, dns()).facts["auth.dmarc"] == "pass" and is_kept(theirs, sender="ann@sender.example")
        assert not is_kept(signers.signed(line + signers.MESSAGE, domain="city.example"))
        assert not is_kept(line + signers.signed(OURS, domain="city.example"))


def test_a_return_address_of_the_city_from_where_it_sends_nothing() -> None:
    """Its From is a stranger's."""
    for sender, kept in (("mayor@city.example", True), ("mayor@elsewhere.example", False)):
        assert is_kept(signers.signed(), sender=sender, client="192.0.2.9") is kept
    forwarded = signers.signed(OURS, domain="city.example")
    assert not is_kept(forwarded, sender="mayor@city.example", client="192.0.2.9"), "its own mail, forwarded home"
    assert not is_kept(signers.MESSAGE, sender="mayor@city.example", client="198.51.100.1")


def test_what_strangers_name_servers_do_not_answer_is_no_doubt() -> None:
    """Only a signature of the city could prove it, and there is none."""
    zone = dns(**{"s1._domainkey.sender.example": {"TXT": "TEMP"}, "evil.example": {"TXT": "TEMP"}})
    facts = found(signers.signed(OURS), zone, sender="x@evil.example").facts
    assert facts["auth.own_domain"] is True


# -- the reading itself


def test_each_field_says_which_rule_it_breaks() -> None:
    for name, rule in {
        "second at": "form", "two fields": "twice", "8-bit before the colon": "header-broken", "two senders": "sender-twice",
        "long": "too-long", "word as address": "encoded-address", "name": "name-address", "Cyrillic punycode": "confusable",
    }.items():  # fmt: skip
        assert senders(message(KEPT[name]), CITY).disguise == rule, name


def test_a_form_that_names_nobody_of_the_city_is_no_disguise() -> None:
    for header in KEPT.values():
        assert not senders(message(header), ("other.test",)).disguise or len(header) > cityname.MAX_TEXT


def test_what_is_too_long_to_decode_is_taken_for_a_disguise() -> None:
    """No honest sender is; and the work is bounded."""
    many = b"".join(b"From: a%d@x.example\r\n" % n for n in range(MAX_FIELDS + 5)) + b"From: %s\r\n" % MAYOR
    assert senders(message(many), CITY).disguise == "twice"
    huge = b"From: " + b"=?utf-8?q?a?= " * 8_000 + b"<x@evil.example>\r\n"
    assert senders(message(huge), CITY).disguise == "too-long"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("mayor@city.example", True),
        ("CITY.EXAMPLE", True),
        ("city dot example", False),
        ("bmF0aW9uQGNpdHkuZXhhbXBsZQ==", True),
        ("=?utf-8?b?PT91dGYtOD9xP2NpdHk9MkVleGFtcGxlPz0=?=", True),
        ("a@city(b(c)d).exam\u00adple", True),
        ("x@xn--ity-3ed.example", True),
        ("city%2Eexample", True),
        ("a@village.example", False),
    ],
)
def test_the_name_is_seen_through_whatever_hides_it(text: str, named: bool) -> None:
    assert cityname.is_named([text], CITY) is named


def test_a_check_that_a_taken_over_process_lies_to_knows_nothing() -> None:
    from civicmail.mail.screening.senderfields import from_plain

    for plain in ({}, {"author": 1, "others": (), "disguise": "", "single": True}):
        with pytest.raises((KeyError, TypeError)):
            from_plain(plain)
