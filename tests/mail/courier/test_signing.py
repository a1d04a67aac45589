"""What leaves is signed as the last step, and rebuilt bit for bit; what we forward is sealed; keys come and go."""

from __future__ import annotations

import asyncio
import itertools
import re
from pathlib import Path
from typing import Any

import dkim as dkimpy
import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.city.policy.dispositions import Finding
from civicmail.core.config.errors import RefusedError, UsageError
from civicmail.mail.courier import dkimkeys, signer, signing
from civicmail.mail.courier.dkimkeys import KeysDamaged
from civicmail.mail.courier.rendering import as_sent
from civicmail.mail.screening import arc, dkim, signatures
from civicmail.mail.screening.resolver import Answer
from mail.courier.conftest import T0, TEXT, Town
from mail.screening import signers
from mail.screening.zone import Zone, zone

FOUND = (
    Finding("spf", "pass", mask="smtp.mailfrom=out.example"),
    Finding("dmarc", "pass", mask="header.from=out.example (p=reject; spf out.example)"),
)


@pytest.fixture(autouse=True)
def _keys_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key of 2048 bits takes a tenth of a second; those of one test differ."""
    numbers = itertools.count()
    monkeypatch.setattr(dkimkeys, "generate_private_key", lambda _exponent, bits: signers.rsa(bits, next(numbers)))


def key_for(data: Path, domain: str = "city.example", algorithm: dkimkeys.Algorithm = "rsa", **more: Any) -> dkimkeys.Key:
    key = dkimkeys.new(data, domain, algorithm, now=T0, **more)
    return dkimkeys.activate(data, key, now=T0)


def published(data: Path) -> Zone:
    return zone({key.name: key.record for key in dkimkeys.listed(data)})


def verified(raw: bytes, dns: Zone) -> list[tuple[str, str, bool]]:
    read = signatures.read(raw)
    found = asyncio.run(dkim.verify(dns, read.signatures, T0 // 1000, seconds=60))
    return [(one.signature.domain, one.result, one.aligned) for one in found]


def others_verify(raw: bytes, dns: Zone, *, arc: bool = False) -> bool:
    """What dkimpy says."""

    def answer(name: bytes, timeout: int = 5) -> bytes:
        return dns.rows[name.decode().rstrip(".")]["TXT"].encode()  # type: ignore[union-attr]

    with time_machine.travel(T0 / 1000 + 60):
        return bool(dkimpy.arc_verify(raw, dnsfunc=answer)[0] == dkimpy.CV_Pass if arc else dkimpy.verify(raw, dnsfunc=answer))


def sent(town: Town, next_hop: Any, *to: str, **keep: Any) -> tuple[bytes, bytes]:
    """The bytes that the next hop got, and the capture id."""

    async def story() -> tuple[bytes, bytes]:
        hop = await next_hop()
        town.use(outbound=str(hop), local=str(hop))
        id_ = town.keep(*to, **keep)
        async with town.courier():
            await town.ends(id_)
        await hop.stop()
        return hop.messages[0].content, id_

    return asyncio.run(story())


@pytest.mark.rule("P-26, promise 2", "Mail of our own people is signed as the last step, and is rebuilt bit for bit.")
@pytest.mark.parametrize("kind", ["submission", "relay", "local"])
def test_mail_of_our_own_leaves_signed_and_is_rebuilt(town, next_hop, kind):
    key_for(town.data)
    content, id_ = sent(town, next_hop, kind=kind)
    assert content.startswith(b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n\td=city.example; s=")
    assert content.endswith(TEXT)
    dns = published(town.data)
    assert verified(content, dns) == [("city.example", "pass", True)]
    assert others_verify(content, dns)
    assert verified(content.replace(b"hello\r\n.dot", b"hello\r\ndot"), dns) == [("city.example", "fail", False)]
    assert as_sent([town.kept[id_]], town.facts(id_, "delivered")[0]) == content


@pytest.mark.parametrize(
    ("what", "keep", "to"),
    [
        ("mail that came from outside under our name", {"kind": "mx"}, ()),
        ("mail that a server in front passed on", {"kind": "relay", "params": {"XFORWARD": "ADDR=192.0.2.9 HELO=x"}}, ()),
        ("mail to somebody here", {}, ("bob@city.example",)),
        ("mail of a domain that is not ours", {"text": TEXT.replace(b"city.example", b"other.example")}, ()),
        ("mail with two authors", {"text": b"From: eve@city.example\r\n" + TEXT}, ()),
        ("mail of no author", {"text": TEXT.replace(b"From:", b"X-From:")}, ()),
    ],
)
def test_nothing_else_is_signed(town, next_hop, what, keep, to):
    key_for(town.data)
    content, _ = sent(town, next_hop, *to, **keep)
    assert b"DKIM-Signature" not in content and b"ARC-" not in content, what


def test_without_an_active_key_nothing_is_added(town, next_hop):
    dkimkeys.new(town.data, "city.example", "rsa", now=T0)
    content, _ = sent(town, next_hop)
    assert content.startswith(b"Received:")


def test_two_kinds_of_keys_make_two_signatures(town, next_hop):
    key_for(town.data)
    key_for(town.data, algorithm="ed25519")
    key_for(town.data, "news.city.example")
    content, _ = sent(town, next_hop)
    assert verified(content, published(town.data)) == [("city.example", "pass", True)] * 2
    below = TEXT.replace(b"ann@city.example", b"ann@news.city.example")
    assert [d for d, *_ in verified(sent(town, next_hop, text=below)[0], published(town.data))] == ["news.city.example"]
    above = TEXT.replace(b"ann@city.example", b"daemon@mail.city.example")
    assert [d for d, *_ in verified(sent(town, next_hop, text=above)[0], published(town.data))] == ["city.example"] * 2


def test_a_large_message_is_signed_without_being_held(town, next_hop):
    key_for(town.data)
    content, _ = sent(town, next_hop, text=TEXT + b"x \t y\r\n" * 300_000 + b"\r\n\r\n")
    assert verified(content, published(town.data)) == [("city.example", "pass", True)]


def test_nobody_adds_a_field_to_what_was_signed(town, next_hop):
    key_for(town.data)
    content, _ = sent(town, next_hop)
    for field in (
        b"From: eve@x.example\r\n",
        b"Subject: other\r\n",
        b"Content-Type: text/html\r\n",
        b"Reply-To: eve@x.example\r\n",
    ):
        assert verified(field + content, published(town.data)) == [("city.example", "fail", False)]


def test_what_should_be_signed_and_cannot_waits(town, next_hop):
    """Unsigned it might be refused for ever."""
    key = key_for(town.data)
    (dkimkeys.folder(town.data) / f"{key.selector}.city.example.pem").unlink()

    async def story():
        hop = await next_hop()
        town.use(outbound=str(hop))
        id_ = town.keep()
        async with town.courier():
            await town.until(lambda: "deferred" in town.events(id_))
        await hop.stop()
        assert hop.messages == []

    asyncio.run(story())


# -- forwarding


OUTSIDE = TEXT.replace(b"ann@city.example", b"eve@out.example").replace(b"1@city", b"1@out")


def test_what_we_forward_is_sealed_with_what_we_found(town, next_hop):
    key_for(town.data)
    content, id_ = sent(town, next_hop, "list@away.example", kind="mx", sender="eve@out.example", text=OUTSIDE, findings=FOUND)
    assert b"DKIM-Signature" not in content
    dns = published(town.data)
    read = signatures.read(content)
    verdict = asyncio.run(arc.verify(dns, read, seconds=60))
    assert (verdict.result, verdict.sealer, verdict.sets) == ("pass", "city.example", 1)
    assert arc.vouched(read, verdict, ["city.example"], "out.example") == "city.example"
    assert others_verify(content, dns, arc=True)
    assert as_sent([town.kept[id_]], town.facts(id_, "delivered")[0]) == content


def test_a_chain_goes_on_and_a_broken_one_does_not(town, next_hop):
    key_for(town.data)
    first, _ = sent(town, next_hop, "a@away.example", kind="mx", sender="eve@out.example", text=OUTSIDE, findings=FOUND)
    whole = (*FOUND, Finding("arc", "pass", mask="header.d=city.example (1 seals)"))
    second, _ = sent(town, next_hop, "b@away.example", kind="mx", sender="eve@out.example", text=first, findings=whole)
    dns = published(town.data)
    assert second.startswith(b"ARC-Seal: i=2;") and b"cv=pass;" in second
    assert asyncio.run(arc.verify(dns, signatures.read(second), seconds=60)).sets == 2
    assert others_verify(second, dns, arc=True)
    broken = (*FOUND, Finding("arc", "fail", mask="it does not hold"))
    third, _ = sent(town, next_hop, "c@away.example", kind="mx", sender="eve@out.example", text=first, findings=broken)
    assert b"ARC-Seal: i=2" not in third
    unknown, _ = sent(town, next_hop, "d@away.example", kind="mx", sender="eve@out.example", text=first, findings=FOUND)
    assert b"ARC-Seal: i=2" not in unknown  # nobody has looked at the chain


def test_what_nobody_has_looked_at_is_not_sealed(town, next_hop):
    key_for(town.data)
    content, _ = sent(town, next_hop, "list@away.example", kind="mx", sender="eve@out.example", text=OUTSIDE)
    assert b"ARC-" not in content


@given(st.lists(st.sampled_from([b"x", b" ", b"\r\n", b"\n", b"\t ", b".", b"\r\n\r\n", b"long " * 40]), max_size=20))
@settings(max_examples=12)
def test_any_body_that_leaves_is_signed_so_that_others_verify_it(tmp_path_factory, pieces):
    data = _one_key(tmp_path_factory)
    (pen,) = signer.Signer(data, Town(data).settings, lambda: T0).pens()
    raw = TEXT + b"".join(pieces)
    found = signing.read(_Kept(raw), {"eol": "crlf", "prepend": []})  # type: ignore[arg-type]
    lines = signing.signature(found, pen, T0 // 1000)
    left = b"".join(signing.render([raw], {"eol": "crlf", "prepend": lines}))
    assert verified(left, published(data)) == [("city.example", "pass", True)]
    assert all(len(line) < 80 for line in lines)


_made: list[Path] = []


def _one_key(factory: Any) -> Path:
    if not _made:
        data = factory.mktemp("keys")
        key_for(data)
        _made.append(data)
    return _made[0]


class _Kept:
    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def pieces(self) -> list[bytes]:
        return [self._raw[at : at + 7] for at in range(0, len(self._raw), 7)]


# -- keys


def test_a_key_has_its_date_in_its_name_and_its_private_half_is_nobodys_else(tmp_path):
    key = dkimkeys.new(tmp_path, "City.Example", "rsa", now=T0)
    assert key.name == "20270115r._domainkey.city.example"
    assert dkimkeys.new(tmp_path, "city.example", "rsa", now=T0).selector == "20270115r2"
    assert dkimkeys.new(tmp_path, "city.example", "ed25519", now=T0).selector == "20270115e"
    files = list(dkimkeys.folder(tmp_path).iterdir())
    assert len(files) == 4 and all(file.stat().st_mode & 0o077 == 0 for file in files)
    with pytest.raises(UsageError):
        dkimkeys.new(tmp_path, "city.example", "rsa", now=T0, selector="20270115r")
    with pytest.raises(UsageError):
        dkimkeys.new(tmp_path, "city.example", "rsa", now=T0, selector="../../etc")


def test_one_key_of_a_kind_signs_at_a_time_and_a_retired_one_never_again(tmp_path):
    old = key_for(tmp_path)
    new = key_for(tmp_path)
    assert {key.name: key.state for key in dkimkeys.listed(tmp_path)} == {old.name: "retired", new.name: "active"}
    with pytest.raises(RefusedError):
        dkimkeys.activate(tmp_path, dkimkeys.listed(tmp_path)[0], now=T0)
    gone = dkimkeys.retire(tmp_path, new, now=T0)
    assert [key.state for key in dkimkeys.listed(tmp_path)] == ["retired", "retired"]
    with pytest.raises(KeysDamaged):
        dkimkeys.private(tmp_path, gone)


def test_a_running_courier_sees_that_keys_have_changed(tmp_path):
    signs = signer.Signer(tmp_path, Town(tmp_path).settings, lambda: T0)
    assert signs.pens() == []
    first = key_for(tmp_path)
    assert [pen.key for pen in signs.pens()] == [first]
    second = key_for(tmp_path)
    assert [pen.key for pen in signs.pens()] == [second]
    dkimkeys.retire(tmp_path, second, now=T0)
    assert signs.pens() == []


def test_a_key_file_that_is_another_key_does_not_sign(tmp_path):
    key, other = key_for(tmp_path), dkimkeys.new(tmp_path, "other.example", "rsa", now=T0)
    place = dkimkeys.folder(tmp_path)
    (place / f"{key.selector}.city.example.pem").write_bytes((place / f"{other.selector}.other.example.pem").read_bytes())
    with pytest.raises(KeysDamaged):
        dkimkeys.private(tmp_path, key)
    (place / "keys.json").write_bytes(b"{")
    with pytest.raises(KeysDamaged):
        dkimkeys.listed(tmp_path)


def test_what_is_published_is_this_key_and_nothing_beside_it(tmp_path):
    key = dkimkeys.new(tmp_path, "city.example", "ed25519", now=T0)
    spaced = re.sub(r"p=(.{20})", r"p=\1 ", key.record)
    assert dkimkeys.is_published(key, Answer((key.record,))) and dkimkeys.is_published(key, Answer((spaced,)))
    for values in ((), (key.record, key.record), ("v=DKIM1; p=",), (key.record.replace("ed25519", "rsa"),)):
        assert not dkimkeys.is_published(key, Answer(values))
    assert dkimkeys.chosen([key], "CITY.example", key.selector) == key
    with pytest.raises(UsageError):
        dkimkeys.chosen([key], "city.example", "other")
