"""Who mail from outside is proven to come from: facts and evidence, and what nobody can fake (P-26)."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest

from civicmail.city.policy.facts import FACTS
from civicmail.mail.screening import authentication, authentication_results
from civicmail.mail.screening.resolver import Answer, Kind, TemporaryFailure
from mail.screening import signers
from mail.screening.outside import found
from mail.screening.zone import Zone

REJECT = "v=DMARC1; p=reject"


def dns(**more: Any) -> Zone:
    rows: dict[str, dict[str, Any]] = {
        "sender.example": {"TXT": "v=spf1 ip4:192.0.2.1 -all", "A": "192.0.2.1"},
        "_dmarc.sender.example": {"TXT": REJECT},
        "s1._domainkey.sender.example": {"TXT": signers.record(signers.rsa())},
        "city.example": {"TXT": "v=spf1 ip4:198.51.100.1 -all"},
        "_dmarc.city.example": {"TXT": REJECT},
        "s1._domainkey.city.example": {"TXT": signers.record(signers.rsa())},
    }
    return Zone(rows | more)


OURS = signers.MESSAGE.replace(b"ann@sender.example", b"mayor@city.example")


def test_facts_and_evidence_of_a_message_that_is_what_it_says() -> None:
    got = found(signers.signed(), dns())
    assert got.facts == {
        "auth.spf": "pass",
        "auth.dkim": "pass",
        "auth.dkim_domains": ("sender.example",),
        "auth.dmarc": "pass",
        "auth.dmarc_policy": "reject",
        "auth.arc": "none",
        "auth.vouched": False,
        "auth.own_domain": False,
        "auth.disguised": False,
    }
    assert set(got.facts) <= set(FACTS)
    assert [(one.check, one.code) for one in got.findings] == [("spf", "pass"), ("dkim", "pass"), ("dmarc", "pass")]
    lines = authentication_results.field_lines("mail.city.example", got.findings)
    assert lines[0] == "Authentication-Results: mail.city.example;"
    assert lines[1] == "\tspf=pass smtp.mailfrom=sender.example;"
    assert lines[2].startswith("\tdkim=pass header.d=sender.example header.s=s1 header.a=rsa-sha256 header.b=")
    assert lines[3] == "\tdmarc=pass header.from=sender.example (p=reject; dkim sender.example)"


def test_mail_of_our_own_people_and_of_this_machine_asks_nobody() -> None:
    zone = dns()
    assert found(signers.signed(), zone, inbound=False).facts == {}
    assert found(signers.signed(), zone, client="127.0.0.1").facts == {}
    assert found(signers.signed(), zone, client="::1").facts == {}
    assert zone.asked == []


@pytest.mark.rule("P-26", "No outsider writes in the city's name without proof.")
@pytest.mark.parametrize("client", ["127.0.0.1", "192.0.2.7", "10.0.0.9"])
def test_nobody_outside_writes_in_the_name_of_the_city_without_proof(client: str) -> None:
    got = found(OURS, dns(), client=client, sender="x@elsewhere.example")
    assert got.facts.get("auth.own_domain") is True
    assert [one.code for one in got.findings if one.check == "dmarc"][-1] == "own-domain"
    international = signers.MESSAGE.replace(b"ann@sender.example", "amt@bürger.example".encode())
    assert found(international, dns(), client=client).facts.get("auth.own_domain") is True
    nobody = signers.MESSAGE.replace(b"From: Ann <ann@sender.example>\r\n", b"")
    assert found(nobody, dns(), client=client, sender="mayor@city.example").facts.get("auth.own_domain") is True
    assert not found(nobody, dns(), client=client, sender="").facts.get("auth.own_domain")


def test_whoever_has_the_citys_proof_may_write_in_its_name() -> None:
    assert found(signers.signed(OURS, domain="city.example"), dns(), sender="x@elsewhere.example").facts["auth.own_domain"] is False
    assert found(OURS, dns(), client="198.51.100.1", sender="news@city.example").facts["auth.own_domain"] is False
    assert found(OURS, dns(), client="192.0.2.1", sender="ann@sender.example").facts["auth.own_domain"] is True


def test_without_an_answer_nobody_is_called_a_liar() -> None:
    zone = dns(**{"s1._domainkey.city.example": {"TXT": "TEMP"}})
    got = found(signers.signed(OURS, domain="city.example"), zone, sender="x@elsewhere.example")
    assert (got.facts["auth.own_domain"], got.facts["auth.dmarc"]) == (False, "temperror")
    assert got.facts["unavailable"] == ("dmarc",)
    assert ("dmarc", "unavailable") in [(one.check, one.code) for one in got.findings]


def test_a_name_below_the_citys_is_the_citys_whatever_its_policy_says() -> None:
    """Also one that is not in DNS."""
    below = signers.MESSAGE.replace(b"ann@sender.example", b"pay@finance.city.example")
    assert found(below, dns()).facts["auth.own_domain"] is True
    lenient = dns(**{"_dmarc.city.example": {"TXT": "v=DMARC1; p=reject; sp=none; np=none"}})
    assert found(below, lenient).facts["auth.own_domain"] is True
    assert found(signers.signed(below, domain="city.example"), lenient).facts["auth.own_domain"] is False


def test_a_hyphenated_domain_is_no_part_of_itself() -> None:
    """Acceptance 4 of issue 6: others read victim-city.gov as victim and find no policy."""
    raw = signers.MESSAGE.replace(b"ann@sender.example", b"mayor@victim-city.gov")
    zone = dns(**{"_dmarc.victim-city.gov": {"TXT": REJECT}})
    got = found(raw, zone)
    assert (got.facts["auth.dmarc"], got.facts["auth.dmarc_policy"]) == ("fail", "reject")


def test_the_null_sender_is_asked_by_its_helo() -> None:
    zone = dns(**{"mx.sender.example": {"TXT": "v=spf1 ip4:192.0.2.1 -all"}})
    got = found(signers.MESSAGE, zone, sender="")
    assert (got.facts["auth.spf"], got.facts["auth.dmarc"]) == ("pass", "pass")
    assert got.findings[0].mask == "smtp.helo=mx.sender.example"
    assert found(signers.MESSAGE, zone, sender="", helo="mx.other.example").facts["auth.dmarc"] == "fail"


def test_two_authors_of_one_domain_are_of_that_domain() -> None:
    raw = signers.MESSAGE.replace(b"From: Ann <ann@sender.example>", b"From: Ann <ann@sender.example>, bea@Sender.example")
    assert found(signers.signed(raw), dns()).facts["auth.dmarc"] == "pass"
    assert found(signers.signed(raw.replace(b"bea@Sender", b"bea@other")), dns()).facts["auth.dmarc"] == "permerror"


# -- servers of ours in front


def test_whom_a_server_in_front_names_is_asked_about() -> None:
    got = found(signers.MESSAGE, dns(), client="127.0.0.1", params={"XFORWARD": "ADDR=192.0.2.1 HELO=mx.sender.example NAME=mx"})
    assert got.facts["auth.spf"] == "pass"
    got = found(signers.MESSAGE, dns(), client="127.0.0.1", params={"XFORWARD": "ADDR=IPV6:2001:db8::9 HELO=mx.sender.example"})
    assert (got.facts["auth.spf"], got.facts["auth.dmarc"]) == ("fail", "fail")
    assert found(signers.MESSAGE, dns(), client="10.1.1.1", params={"XFORWARD": "ADDR=[UNAVAILABLE]"}).facts["auth.spf"] == "none"


def test_nobody_gives_another_address_in_a_greeting() -> None:
    """Servers pass on whatever was said in HELO, spaces too."""
    said = "ADDR=198.51.100.66 HELO=mx ADDR=192.0.2.1 NAME=mx"
    got = found(signers.MESSAGE, dns(), client="127.0.0.1", params={"XFORWARD": said})
    assert (got.facts["auth.spf"], got.facts["auth.dmarc"]) == ("fail", "fail")


def test_where_nobody_knows_the_first_client_nothing_fails_for_it() -> None:
    """A forwarder of our own without XCLIENT would make all mail fail."""
    got = found(signers.MESSAGE, dns(), client="10.1.1.1")
    assert (got.facts["auth.spf"], got.facts["auth.dmarc"]) == ("none", "none")
    assert found(signers.signed(), dns(), client="10.1.1.1").facts["auth.dmarc"] == "pass"


def test_an_edge_server_that_may_judge_is_believed_about_this_sender() -> None:
    says = b"Authentication-Results: edge; spf=%s smtp.mailfrom=ann@sender.example; dmarc=%s header.from=sender.example\r\n"
    judged = {"client": "10.1.1.1", "verdicts": ("10.1.1.0/24",)}
    got = found(says % (b"pass", b"pass") + signers.MESSAGE, dns(), **judged)
    assert (got.facts["auth.spf"], got.facts["auth.dmarc"]) == ("pass", "pass")
    got = found(says % (b"fail", b"fail") + signers.MESSAGE, dns(), **judged)
    assert (got.facts["auth.spf"], got.facts["auth.dmarc"]) == ("fail", "fail")
    other = found(says.replace(b"sender.example", b"other.example") % (b"pass", b"pass") + signers.MESSAGE, dns(), **judged)
    assert (other.facts["auth.spf"], other.facts["auth.dmarc"]) == ("none", "none")
    assert found(says % (b"pass", b"pass") + signers.MESSAGE, dns(), client="10.1.1.1").facts["auth.spf"] == "none"


@pytest.mark.rule("P-26", "An edge server's verdict on a sender counts only under the name that the settings expect.")
def test_a_verdict_that_is_not_in_the_name_of_the_edge_server_is_a_strangers() -> None:
    """A stranger wrote the field, and the server in front let it through."""
    says = b"Authentication-Results: %s; spf=pass smtp.mailfrom=ann@sender.example; dmarc=pass header.from=sender.example\r\n"
    judged = {"client": "10.1.1.1", "verdicts": ("10.1.1.0/24",), "verdicts_id": "edge.city.example"}
    for name, result in (
        (b"EDGE.city.example 1", "pass"),
        (b"mx.attack.example", "none"),
        (b"edge.city.example.attack.example", "none"),
        (b"(edge.city.example) attack.example", "none"),
        (b"", "none"),
    ):
        got = found(says % name + signers.MESSAGE, dns(), **judged)
        assert (got.facts["auth.spf"], got.facts["auth.dmarc"]) == (result, result), name
    got = found(says % b"edge" + signers.MESSAGE, dns(), **judged | {"verdicts_id": ""})
    assert (got.facts["auth.spf"], got.facts["auth.dmarc"]) == ("none", "none"), "without a name nobody is believed"


def test_a_sender_whose_name_is_a_verdict_is_not_believed() -> None:
    """A server in front names the sender in a comment, and in quotes."""
    judged = {"client": "10.1.1.1", "verdicts": ("10.1.1.0/24",)}
    trick = b'"a;dmarc=pass header.from=sender.example;"@x.example'
    says = b"Authentication-Results: edge; spf=pass (edge: domain of %s) smtp.mailfrom=%s; dmarc=fail (p=none) header.from=%s\r\n"
    got = found(says % (trick, trick, b"sender.example") + signers.MESSAGE, dns(), **judged)
    assert got.facts["auth.dmarc"] == "fail"
    got = found(says % (trick, trick, b'"sender.example"') + signers.MESSAGE, dns(), **judged)
    assert got.facts["auth.dmarc"] == "fail"


def test_of_many_authors_none_is_left_out() -> None:
    """The first twenty proved nothing of the one whom a mail program shows."""
    many = b", ".join(b"a%d@sender.example" % n for n in range(30))
    raw = signers.MESSAGE.replace(b"From: Ann <ann@sender.example>", b"From: " + many + b", mayor@city.example")
    assert found(signers.signed(raw), dns()).facts["auth.dmarc"] == "permerror"
    assert found(signers.signed(raw), dns()).facts["auth.own_domain"] is True


# -- attacks


LEGIT = b"From: <admin@legit.example>"
FOLDED = b"From\r\n : <x@attack.example>\r\n"
ENCODED = base64.b64encode(b"<admin@legit.example>")
ESPOOFER: list[tuple[str, str, bytes, str]] = [
    ("A1 a sender whose subdomain is nowhere", "any@mailfrom.notexist.legit.example", LEGIT, ""),
    ("A2 a sender that is a comment", "(any@legit.example", LEGIT, ""),
    ("A3 NUL in a selector", "any@attack.example", LEGIT, "d=legit.example; s=s1._domainkey.attack.example.\0.any"),
    ("A4 a quote in d=", "any@attack.example", LEGIT, "d=legit.example'a.attack.example; s=s1"),
    ("A5 a parenthesis in the sender", "any@legit.example(a.attack.example", LEGIT, ""),
    ("A6 a quote in the sender", "any@legit.example'@any.attack.example", LEGIT, ""),
    ("A7 a route in the sender", "@legit.example,@any.example:'any@attack.example", LEGIT, ""),
    ("A8 two From", "any@attack.example", b"From: <first@attack.example>\r\nFrom: <admin@legit.example>", ""),
    ("A9 two From, one after a space", "any@attack.example", b" From: <first@attack.example>\r\nFrom: <admin@legit.example>", ""),
    ("A10 two From, one before a space", "any@attack.example", b"From: <first@attack.example>\r\nFrom : <admin@legit.example>", ""),
    ("A11 two From, one folded", "any@attack.example", b"From\r\n : <first@attack.example>\r\nFrom: <admin@legit.example>", ""),
    ("A11 the other way round", "any@attack.example", b"From: <first@attack.example>\r\nFrom\r\n : <admin@legit.example>", ""),
    ("A12 a From that is none, and Sender", "any@attack.example", FOLDED + b"Sender: <admin@legit.example>", ""),
    ("A13 a From that is none, and Resent-From", "any@attack.example", FOLDED + b"Resent-From: <admin@legit.example>", ""),
    ("A14 two authors", "any@attack.example", b"From: <first@attack.example>, <admin@legit.example>", ""),
    ("A15 an author that is encoded", "any@attack.example", b"From: =?utf-8?B?" + ENCODED + b"?=,<b@attack.example>", ""),
    ("A16 a route in From", "any@attack.example", b"From: <@attack.example,@any.example:admin@legit.example>", ""),
    ("A17 a quoted pair between", "any@attack.example", b"From: <admin@legit.example>\\,<second@attack.example>", ""),
    ("A18 a name that is an address", "any@attack.example", b"From: admin@legit.example,<second@attack.example>", ""),
    ("A19 two angles", "any@attack.example", b"From: <admin@legit.example><second@attack.example>", ""),
    ("a NUL in From", "any@attack.example", b"From: <admin@legit.example\0>, <b@attack.example>", ""),
]  # fmt: skip


@pytest.mark.rule("P-26", "The displayed author is the authenticated one: one From, however it is encoded.")
@pytest.mark.parametrize(("case", "sender", "header", "tags"), ESPOOFER, ids=[row[0] for row in ESPOOFER])
def test_no_trick_of_espoofer_passes_as_the_domain_that_is_shown(case: str, sender: str, header: bytes, tags: str) -> None:
    """The server cases of espoofer (Chen, Paxson, Jiang 2020): all that is the attacker's own passes, and no more."""
    signed = signers.signed(
        signers.MESSAGE.replace(b"From: Ann <ann@sender.example>", b"From: <x@attack.example>"), domain="attack.example"
    )
    raw = signed.replace(b"From: <x@attack.example>", header)
    raw = raw.replace(b"d=attack.example; s=s1", tags.encode()) if tags else raw
    rows = {
        "legit.example": {"TXT": "v=spf1 -all"},
        "_dmarc.legit.example": {"TXT": REJECT},
        **{
            name: {"TXT": "v=spf1 +all"}
            for name in ("attack.example", "any.attack.example", "legit.example(a.attack.example", "legit.example'a.attack.example")
        },
        **{
            f"s1._domainkey.{name}": {"TXT": signers.record(signers.rsa())}
            for name in ("attack.example", "legit.example'a.attack.example")
        },
    }
    assert found(signed, Zone(rows), sender="any@attack.example").facts["auth.dkim"] == "pass"  # as its author it passes
    got = found(raw, Zone(rows), sender=sender, helo="attack.example")
    assert got.facts["auth.dmarc"] in ("fail", "permerror"), (case, got)
    assert "legit.example" not in got.facts["auth.dkim_domains"]  # type: ignore[operator]
    assert not any("legit.example" in one.mask for one in got.findings if one.code == "pass"), (case, got.findings)


def test_what_strangers_write_does_not_get_into_our_field() -> None:
    got = found(signers.MESSAGE, dns(), sender="x@evil.example;dkim=pass(", helo="a(b;dmarc=pass\r\n\tx")
    text = "\n".join(authentication_results.field_lines("mail.city.example", got.findings))
    assert text.split("\n")[1] == "\tspf=none smtp.mailfrom=evil.example?dkim?pass?;"
    assert "dkim=pass" not in text and "dmarc=pass" not in text


@pytest.mark.parametrize(
    ("value", "ours"),
    [
        ("mail.city.example; spf=pass", True),
        ("MAIL.City.example 1; spf=pass", True),
        ("(x) mail.city.example; none", True),
        ('"mail.city.example"; none', True),
        ("(;) mail.city.example; none", True),
        ("(a (b) c) mail.city.example; none", True),
        (r"(\)) (\() mail.city.example; none", True),
        (r'"mail\.city.example" 1; none', True),
        ("mail.city.example(x); none", True),
        ("(mail.city.example) edge.example; none", False),
        ("(" * 100_000 + " mail.city.example; none", False),
        ("()" * 100_000 + "edge.example; none", False),
        ("mail.city.example.evil.example; spf=pass", False),
        ("edge.city.example; spf=pass", False),
        ("; mail.city.example", False),
        ("", False),
    ],
)
def test_a_field_that_says_it_is_ours_is_known(value: str, ours: bool) -> None:
    assert authentication_results.is_from(value, "mail.city.example") is ours


# -- what cannot be had


class Hung:
    """Whoever is asked never answers."""

    async def ask(self, name: str, kind: Kind) -> Answer:
        await asyncio.Event().wait()
        raise AssertionError


class Dead:
    async def ask(self, name: str, kind: Kind) -> Answer:
        raise TemporaryFailure("our resolver does not answer", ours=True)


def test_dns_that_hangs_ends_in_time_and_is_said() -> None:
    """Bad input of issue 6: the message does not wait for longer than its budget."""
    got = found(signers.signed(), Hung(), seconds=0)
    assert {got.facts[f"auth.{name}"] for name in ("spf", "dkim", "dmarc")} == {"temperror"}
    assert got.facts["unavailable"] == ("dmarc",)


def test_a_dead_resolver_makes_the_checks_unavailable() -> None:
    got = found(signers.signed(), Dead())
    assert got.facts["unavailable"] == ("spf", "dkim", "dmarc")
    assert got.facts["auth.own_domain"] is False
    assert found(OURS, Dead()).facts["auth.own_domain"] is False


def test_a_message_that_could_not_be_read_has_its_spf_and_nothing_else() -> None:
    got = found(signers.signed(), dns(), unread=True)
    assert got.facts == {"auth.spf": "pass", "unavailable": ("dkim", "dmarc")}


def test_a_large_message_whose_beginning_alone_was_read_is_verified_whole() -> None:
    raw = signers.signed(signers.MESSAGE + b"x" * 5_000 + b"\r\n")
    assert found(raw, dns(), whole=1_500).facts["auth.dkim"] == "pass"
    assert found(raw + b"more\r\n", dns(), whole=1_500).facts["auth.dkim"] == "fail"


def test_names_of_the_check() -> None:
    assert authentication.CHECKS == ("spf", "dkim", "dmarc")
