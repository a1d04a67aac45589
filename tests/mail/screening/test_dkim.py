"""DKIM: what dkimpy signs holds, what was changed does not, and the gaps that others leave are closed (RFC 6376, 8301, 8463)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import time
from pathlib import Path

import dkim as dkimpy
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.mail.screening import canonical, dkim, signatures
from mail.screening import signers
from mail.screening.zone import Zone, zone

NOW = 4_000_000_000  # whatever clock dkimpy signs by, it was before
SHORT = (
    "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAO0Apd35qUqscFspq1tRBpSetRG864XfGRSHJMixGj466KPx"
    "VWQflnaLixOkYAStw2RxCFoAHCENbXN+hXl+qSECAwEAAQ=="
)
"""A key of 512 bits, which no library makes any more."""
NAME = "s1._domainkey.sender.example"
LINES = st.lists(
    st.sampled_from([b"a", b" ", b"\t", b"  b", b"\r\n", b"\n", b"\r\n\r\n", b"word", b".", b"\r", b" \r\n"]), max_size=14
)


def verify(raw: bytes, dns: Zone, *, now: int = NOW) -> list[dkim.Verdict]:
    read = signatures.from_plain(signatures.read(raw).plain())
    return asyncio.run(dkim.verify(dns, read.signatures, now, seconds=60))


def words(raw: bytes, dns: Zone, **more: int) -> list[tuple[str, bool]]:
    return [(verdict.result, verdict.aligned) for verdict in verify(raw, dns, **more)]


@pytest.mark.parametrize("form", ["simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed"])
@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_what_others_sign_holds_and_what_was_changed_does_not(form: str, kind: str) -> None:
    key = signers.rsa() if kind == "rsa" else signers.ed25519()
    dns = zone({NAME: signers.record(key)})
    raw = signers.signed(key=key, form=form)
    assert words(raw, dns) == [("pass", True)]
    assert words(raw.replace(b"\r\n", b"\n"), dns) == [("pass", True)]  # line ends as they lie in a Maildir
    assert words(raw.replace(b"\nbye", b"\nbye!"), dns) == [("fail", False)]
    assert words(raw.replace(b"Hello  there", b"Hello where"), dns) == [("fail", False)]
    assert words(b"From: eve@sender.example\r\n" + raw, dns) == [("fail", False)]  # dkimpy signs From once more than it is there


@given(LINES, st.sampled_from(["simple", "relaxed"]), st.integers(1, 9))
@settings(max_examples=150)
def test_bodies_are_canonical_as_dkimpy_has_them_however_they_come(pieces: list[bytes], form: canonical.Form, size: int) -> None:
    raw = b"".join(pieces)
    policy = dkimpy.canonicalization.Relaxed if form == "relaxed" else dkimpy.canonicalization.Simple
    whole = re.sub(rb"\r?\n", b"\r\n", raw)
    if whole and not whole.endswith(b"\r\n"):
        whole += b"\r\n"
    expected = policy.canonicalize_body(whole)
    body = canonical.Body(form, [3])
    for at in range(0, len(raw), size):
        body.feed(raw[at : at + size])
    assert body.end() == hashlib.sha256(expected).digest()
    assert body.length == len(expected)
    if len(expected) >= 3:
        assert body.stopped[3] == hashlib.sha256(expected[:3]).digest()


@given(
    st.lists(st.sampled_from([b" ", b"\t", b"x", b"\r\n ", b"\r\n\t", b":", b";"]), max_size=12),
    st.sampled_from(["simple", "relaxed"]),
)
def test_fields_are_canonical_as_dkimpy_has_them(pieces: list[bytes], form: canonical.Form) -> None:
    raw = b"SubJect" + b":" + b"".join(pieces) + b"\r\n"
    policy = dkimpy.canonicalization.Relaxed if form == "relaxed" else dkimpy.canonicalization.Simple
    headers, _ = dkimpy.rfc822_parse(raw + b"\r\n")
    expected = [b":".join(pair) for pair in policy.canonicalize_headers(headers)]
    assert [canonical.header_field(one, form) + b"\r\n" for one in canonical.fields(raw)] == expected


def test_all_signatures_are_tried() -> None:
    """dkim.verify() of dkimpy looks at the first alone."""
    good = signers.signed()
    raw = re.sub(rb"b=[^;]{20}", b"b=AAAAAAAAAAAAAAAAAAAA", signers.signed(selector="s2"), count=1)
    raw = raw[: raw.index(b"From: Ann")] + good
    dns = zone({NAME: signers.record(signers.rsa()), "s2._domainkey.sender.example": signers.record(signers.rsa())})
    assert sorted(words(raw, dns)) == [("fail", False), ("pass", True)]
    assert dkim.result(verify(raw, dns)) == "pass"


@pytest.mark.rule("P-26", "A signature of a part of the body proves nothing about who wrote it.")
def test_a_signature_of_a_part_of_the_body_proves_nothing_about_who_wrote_it() -> None:
    """With l= anybody can append."""
    raw = signers.signed(length=True)
    dns = zone({NAME: signers.record(signers.rsa())})
    assert words(raw, dns) == [("pass", True)]  # nothing follows
    assert words(raw + b"pay here instead\r\n", dns) == [("pass", False)]
    assert verify(raw + b"pay here instead\r\n", dns)[0].why == "only a part is signed"
    shorter = raw[: raw.index(b"\nbye")]
    assert words(shorter, dns) == [("permerror", False)]


@pytest.mark.rule("P-26", "A key's record determines what it may sign, and for whom.")
@pytest.mark.parametrize(
    ("tags", "why"),
    [
        ({"h": "sha1"}, "the key is not for SHA-256"),
        ({"s": "tlsrpt"}, "the key is not for mail"),
        ({"p": ""}, "the key was revoked"),
        ({"p": "AAAA"}, "the key cannot be read"),
        ({"k": "ed25519"}, "the key is of another kind"),
        ({"v": "DKIM2"}, "the key record cannot be read"),
        ({"h": "sha1:sha256", "s": "email:other", "t": "y:s"}, ""),
    ],
)
def test_what_a_key_record_allows_is_checked_by_us(tags: dict[str, str], why: str) -> None:
    dns = zone({NAME: signers.record(signers.rsa(), **tags)})
    (verdict,) = verify(signers.signed(), dns)
    assert (verdict.result, verdict.why) == (("permerror", why) if why else ("pass", ""))


def test_a_key_may_forbid_subdomains_in_i() -> None:
    raw = signers.signed(identity=b"@news.sender.example")
    assert words(raw, zone({NAME: signers.record(signers.rsa())})) == [("pass", True)]
    assert words(raw, zone({NAME: signers.record(signers.rsa(), t="s")})) == [("permerror", False)]
    foreign = raw.replace(b"i=@news.sender.example", b"i=@other.example")
    assert verify(foreign, zone({NAME: signers.record(signers.rsa())}))[0].why == "i= is not within d="


@pytest.mark.rule("P-26", "The identity of a signature is read as it is quoted (RFC 6376 3.5).")
def test_an_identity_that_is_quoted_is_read_as_it_was_meant() -> None:
    """i= is in dkim-quoted-printable (RFC 6376 3.5); some systems write the @ so."""
    dns = zone({NAME: signers.record(signers.rsa())})
    for written in (b"ann=40sender.example", b"ann@news=2Esender.example", b"=61nn@news.sender.example"):
        assert words(signers.signed(identity=written), dns) == [("pass", True)], written
    foreign = signers.signed(identity=b"ann=40sender.example").replace(b"ann=40sender", b"ann=40other")
    assert verify(foreign, dns)[0].why == "i= is not within d="
    subdomain = signers.signed(identity=b"ann=40news.sender.example")
    assert words(subdomain, zone({NAME: signers.record(signers.rsa(), t="s")})) == [("permerror", False)]


def test_short_keys_are_refused_and_weak_ones_told() -> None:
    weak = signers.rsa(1024)
    (verdict,) = verify(signers.signed(key=weak), zone({NAME: signers.record(weak)}))
    assert (verdict.result, verdict.bits) == ("pass", 1024)
    (verdict,) = verify(signers.signed(), zone({NAME: f"v=DKIM1; p={SHORT}"}))
    assert (verdict.result, verdict.why) == ("permerror", "the key has 512 bits")


def test_a_key_may_be_published_without_its_frame() -> None:
    """RSAPublicKey of RFC 8017 instead of SubjectPublicKeyInfo, as RFC 6376 3.6.1 reads."""
    bare = signers.rsa().public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
    dns = zone({NAME: signers.record(signers.rsa(), p=base64.b64encode(bare).decode())})
    assert words(signers.signed(), dns) == [("pass", True)]


def test_sha1_proves_nothing() -> None:
    raw = signers.signed().replace(b"a=rsa-sha256", b"a=rsa-sha1")
    (verdict,) = verify(raw, zone({NAME: signers.record(signers.rsa())}))
    assert (verdict.result, verdict.why) == ("permerror", "rsa-sha1 proves nothing (RFC 8301)")


def test_a_signature_from_the_future_fails_beyond_an_hour() -> None:
    raw = signers.signed()
    made = int(re.search(rb"t=(\d+)", raw)[1])  # type: ignore[index]
    dns = zone({NAME: signers.record(signers.rsa())})
    assert words(raw, dns, now=made - 10) == [("pass", True)]
    assert words(raw, dns, now=made - 7200) == [("fail", False)]


def test_no_key_no_answer_and_two_keys_are_three_different_things() -> None:
    raw = signers.signed()
    record = signers.record(signers.rsa())
    assert words(raw, Zone()) == [("permerror", False)]
    assert words(raw, Zone({NAME: {"TXT": "TEMP"}})) == [("temperror", False)]
    assert words(raw, zone({NAME: [record, record]})) == [("permerror", False)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (rb"v=1;", b""),
        (rb"v=1;", b"v=2;"),
        (rb"h=[^;]+;", b"h=to:subject;"),
        (rb"d=sender.example;", b"d=sender.example; d=other.example;"),
        (rb"d=sender.example;", b"d=sender.example)(evil.example;"),
        (rb"bh=[^;]+;", b"bh=!!;"),
        (rb"c=[^;]+;", b"c=odd/simple;"),
        (rb"q=[^;]+;", b"q=http/txt;"),
    ],
)
def test_a_signature_that_is_no_signature_is_a_permanent_error(old: bytes, new: bytes) -> None:
    raw = signers.signed()
    changed = re.sub(old, new, raw, count=1)
    assert changed != raw
    assert words(changed, zone({NAME: signers.record(signers.rsa())})) == [("permerror", False)]


def test_five_thousand_signatures_and_a_header_of_a_megabyte_cost_what_eight_do() -> None:
    """Bad input of issue 6."""
    dns = zone({NAME: signers.record(signers.rsa())})
    field = b"DKIM-Signature: v=1; a=rsa-sha256; d=sender.example; s=s1; h=from; bh=AAAA; b=AAAA\r\n"
    many = signatures.read(field * 4990 + signers.MESSAGE)
    assert (many.count, len(many.signatures), many.from_fields) == (4990, signatures.MAX_SIGNATURES, 1)
    long = signatures.read(b"X-Long: " + b"a \t" * 350_000 + b"\r\n" + signers.signed())
    assert [v.result for v in asyncio.run(dkim.verify(dns, long.signatures, NOW, seconds=60))] == ["pass"]
    full = signatures.read(b"DKIM-Signature: v=1; " + b"a=b; " * 100_000 + b"\r\n" + signers.signed())
    assert [v.result for v in asyncio.run(dkim.verify(dns, full.signatures, NOW, seconds=60))] == ["permerror", "pass"]
    beyond = signatures.read(b"X: y\r\n" * 5_000 + b"From: eve@evil.example\r\n" + signers.signed())
    assert (beyond.from_, beyond.from_fields) == ((), 0)  # what has more fields than anybody counts has no author


@pytest.mark.parametrize(
    "line", [b" \t" * 2_000_000 + b"x\r\n", b"x" * 4_000_000, b"\r\n" * 2_000_000 + b"x\r\n", b"\r" * 2_000_000]
)
def test_no_body_costs_more_than_its_length(line: bytes) -> None:
    began = time.process_time()
    for form in ("simple", "relaxed"):
        canonical.body_hash(line, 0, form)
    assert time.process_time() - began < 20


@given(st.binary(max_size=300))
@settings(max_examples=60)
def test_any_bytes_are_read_without_an_error(noise: bytes) -> None:
    for raw in (noise, b"DKIM-Signature:" + noise, signers.MESSAGE + noise, b"ARC-Seal: i=1;" + noise):
        assert signatures.from_plain(signatures.read(raw).plain()) == signatures.read(raw)


def test_the_body_of_a_message_whose_beginning_alone_was_read_is_compared_by_whoever_has_it() -> None:
    raw = signers.signed(signers.MESSAGE + b"x" * 1000 + b"\r\n")
    begun = signatures.read(raw[:-900], whole=False)
    assert begun.signatures[0].form == "relaxed" and not begun.signatures[0].wrong
    assert signatures.whole_body(begun, raw) == signatures.read(raw)
    assert signatures.whole_body(begun, raw + b"more\r\n").signatures[0].wrong == "the body was changed"


@pytest.mark.corpora
def test_messages_of_dkimpys_own_tests(corpora: Path) -> None:
    """Two algorithms on one message of RFC 8463, whose keys stand in its appendix."""
    raw = (corpora / "dkimpy/rfc6376.signed.msg").read_bytes()
    keys = {
        "brisbane._domainkey.football.example.com": "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        "test._domainkey.football.example.com": (corpora / "dkimpy/test.txt").read_text().strip(),
    }
    assert words(raw, zone(keys)) == [("pass", True), ("pass", True)]
    keys["test._domainkey.football.example.com"] = "v=DKIM1; k=rsa; p="
    assert words(raw, zone(keys)) == [("pass", True), ("permerror", False)]
