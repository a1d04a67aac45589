"""Parse the DKIM and ARC signatures of a message: the content check behind `authentication`.

For each DKIM-Signature, ARC-Message-Signature and ARC-Seal: the signer, the algorithm, the SHA-256 of what was signed, and what is
already wrong. The gateway then fetches keys and verifies the digest (dkim.py, arc.py) without reading the message.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import fields as dataclass_fields
from typing import Any

from civicmail.core.message import addresses, encoded_words, limits
from civicmail.mail.screening import canonical, tags
from civicmail.mail.screening.canonical import Field, Form
from civicmail.mail.screening.domains import a_labels, is_domain, is_within
from civicmail.mail.screening.senderfields import senders_of
from civicmail.mail.screening.shapes import CheckResult, ContentCase

NAME = "authentication"
VERSION = 1

MAX_SIGNATURES = 8
"""Signatures of one message that are looked at, from the top."""
MAX_SETS = 50
"""RFC 8617 4.2.1."""
MAX_FROM = 20
"""From fields that are read, and different domains of their addresses that are told."""
_FIRST_FROM = re.compile(rb"[ \t]*from[ \t]*(?:\r?\n[ \t]+)?:")
_NEXT_FROM = re.compile(rb"\nfrom[ \t]*(?:\r?\n[ \t]+)?:")
_LENGTH = re.compile(r"[0-9]{1,76}\Z")
_MAX_VALUE = 16 << 10
_ALGORITHMS = ("rsa-sha256", "ed25519-sha256")
_FORM: dict[str, Form] = {"simple": "simple", "relaxed": "relaxed"}
_FORMS = {False: "simple/simple", True: "relaxed/relaxed"}  # without c=: of DKIM, of ARC as its test suite reads it
ORDER = (b"arc-authentication-results", b"arc-message-signature", b"arc-seal")
"""The fields of an ARC set in the order in which a seal signs them (RFC 8617 5.1.1)."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature field. signature: base64; digest: of the signed header, hexadecimal; signed, expires: epoch seconds, -1 when
    absent; below: i= is below d=, which the key may forbid; partial: the body continues after l=; cv: of a seal; wrong: why it
    fails whatever the key is; broken: the body is the reason. form: for an incomplete body, its canonical form, with length (l=,
    -1: all) and hashed (bh=), for whole_body."""

    domain: str = ""
    selector: str = ""
    algorithm: str = ""
    signature: str = ""
    digest: str = ""
    signed: int = -1
    expires: int = -1
    below: bool = False
    partial: bool = False
    cv: str = ""
    wrong: str = ""
    broken: bool = False
    form: Form | None = None
    length: int = -1
    hashed: str = ""


@dataclass(frozen=True, slots=True)
class ArcSet:
    """One hop that sealed (RFC 8617 4.2): its seal, its signature, its results."""

    seal: Signature
    message: Signature
    results: str


@dataclass(frozen=True, slots=True)
class Signed:
    """from_: distinct domains of all From addresses, A-labels, "" for one without; from_fields: number of From fields. count: DKIM
    signatures, of which `signatures` has the first. sets: ARC sets from the first; chain: what is wrong with their structure."""

    from_: tuple[str, ...] = ()
    from_fields: int = 0
    count: int = 0
    signatures: tuple[Signature, ...] = ()
    sets: tuple[ArcSet, ...] = ()
    chain: str = ""

    def plain(self) -> dict[str, Any]:
        return {
            "from_": self.from_,
            "from_fields": self.from_fields,
            "count": self.count,
            "signatures": [_plain(one) for one in self.signatures],
            "sets": [{"seal": _plain(s.seal), "message": _plain(s.message), "results": s.results} for s in self.sets],
            "chain": self.chain,
        }


_SIGNATURE = tuple(one.name for one in dataclass_fields(Signature))


def _plain(one: Signature) -> dict[str, Any]:
    """As asdict, without copying immutable values."""
    return {name: getattr(one, name) for name in _SIGNATURE}


def from_plain(plain: Mapping[str, Any]) -> Signed:
    """As received from the sandboxed process. Raises TypeError, KeyError or ValueError for invalid data."""
    return Signed(
        from_=tuple(str(domain) for domain in plain["from_"]),
        from_fields=int(plain["from_fields"]),
        count=int(plain["count"]),
        signatures=tuple(Signature(**one) for one in plain["signatures"]),
        sets=tuple(ArcSet(Signature(**one["seal"]), Signature(**one["message"]), str(one["results"])) for one in plain["sets"]),
        chain=str(plain["chain"]),
    )


def find(case: ContentCase) -> CheckResult:
    """The content check."""
    header, _ = canonical.divided(case.raw)
    every = canonical.fields(header)
    more = _read(case.raw, header, every, whole=len(case.raw) >= case.request.size).plain()
    if case.request.inbound:
        more["senders"] = senders_of(case.raw, header, every, case.request.domains).plain()
    return CheckResult(more=more)


def read(raw: bytes, *, whole: bool = True) -> Signed:
    """The signatures of a message. whole: raw is all of it. Never raises."""
    header, _ = canonical.divided(raw)
    return _read(raw, header, canonical.fields(header), whole=whole)


def _read(raw: bytes, header: bytes, every: Sequence[Field], *, whole: bool) -> Signed:
    dkim = [field for field in every if field.name == b"dkim-signature"]
    sets, chain = _chain(every)
    from_, count = _from(header, every) if len(every) <= canonical.MAX_FIELDS else ((), 0)
    signed = Signed(
        from_=from_,
        from_fields=count,
        count=len(dkim),
        signatures=tuple(_signature(field, every) for field in dkim[:MAX_SIGNATURES]),
        sets=sets,
        chain=chain,
    )
    return whole_body(signed, raw) if whole else signed


def _from(header: bytes, every: Sequence[Field]) -> tuple[tuple[str, ...], int]:
    """Domains of all authors, and the number of From fields that a program might see, including folded names and a space before
    the colon."""
    values = [field.value for field in every if field.name == b"from"]
    mailboxes = [one for value in values[:MAX_FROM] for one in addresses.parse(encoded_words.text(value))]
    small = header[: limits.HEADER_BYTES].lower()
    seen, at = int(_FIRST_FROM.match(small) is not None), small.find(b"\nfrom")
    while at >= 0:  # by far quicker than to search for the pattern
        seen += _NEXT_FROM.match(small, at) is not None
        at = small.find(b"\nfrom", at + 1)
    return tuple(dict.fromkeys(a_labels(one.domain) for one in mailboxes))[:MAX_FROM], max(len(values), seen)


class _Bodies:
    """The body in its canonical forms, each computed once for all lengths."""

    def __init__(self, raw: bytes, start: int, signatures: Iterable[Signature]) -> None:
        lengths: dict[Form, set[int]] = {}
        for one in signatures:
            if one.form is not None:
                lengths.setdefault(one.form, set()).add(one.length)
        self._digests: dict[tuple[Form, int], tuple[str, int]] = {}
        for form, stops in lengths.items():
            body, whole = canonical.body_hash(raw, start, form, [length for length in stops if length >= 0])
            for length in stops:
                digest = whole if length < 0 else body.stopped.get(length, whole if length == body.length else b"")
                self._digests[form, length] = (base64.b64encode(digest).decode(), body.length)

    def hash_of(self, form: Form, length: int) -> tuple[str, int]:
        """Base64 of the SHA-256 of the first `length` bytes (-1: all), and the body's length."""
        return self._digests[form, length]


def _signature(field: Field, every: Sequence[Field], *, arc: bool = False) -> Signature:
    """A DKIM-Signature (RFC 6376 3.5) or ARC-Message-Signature (RFC 8617 4.1.2); its body hash is compared later."""
    fields = _tags(field)
    if fields is None:
        return Signature(wrong="its tags cannot be read")
    base = _base(fields)
    if wrong := _wrong(fields, base, arc=arc):
        return replace(base, wrong=wrong)
    header_form, body_form = _forms(fields.get("c", _FORMS[arc])) or ("simple", "simple")
    length, hashed = int(fields["l"]) if "l" in fields else -1, tags.packed(fields["bh"])
    names = [name.encode() for name in tags.names(fields["h"])]
    own = canonical.header_field(_emptied(field), header_form)
    digest = canonical.header_digest(canonical.selected([f for f in every if f is not field], names), own, header_form)
    below = "i" in fields and not arc and _identity(fields) != base.domain
    return replace(base, digest=digest.hex(), below=below, form=body_form, length=length, hashed=hashed)


def whole_body(signed: Signed, raw: bytes) -> Signed:
    """The signatures with body hashes compared. raw: all of the message, or a memory map. Blocks."""
    signatures = [*signed.signatures, *(one.message for one in signed.sets)]
    bodies = _Bodies(raw, canonical.divided(raw)[1], signatures)
    sets = tuple(replace(one, message=_compared(one.message, bodies)) for one in signed.sets)
    return replace(signed, signatures=tuple(_compared(one, bodies) for one in signed.signatures), sets=sets)


def _compared(signature: Signature, bodies: _Bodies) -> Signature:
    if signature.form is None:
        return signature
    hashed, size = bodies.hash_of(signature.form, signature.length)
    if signature.length > size:
        return replace(signature, form=None, hashed="", wrong="l= is longer than the body")
    match = hashed == signature.hashed
    partial = -1 < signature.length < size
    return replace(
        signature, form=None, hashed="", partial=partial, broken=not match, wrong="" if match else "the body was changed"
    )


def _base(fields: Mapping[str, str]) -> Signature:
    return Signature(
        domain=a_labels(fields.get("d", ""))[:255],
        selector=fields.get("s", "").lower()[:255],
        algorithm=fields.get("a", "").lower()[:40],
        signature=tags.packed(fields.get("b", ""))[:4096],
        signed=_number(fields.get("t", "")),
        expires=_number(fields.get("x", "")),
    )


def _wrong(fields: Mapping[str, str], base: Signature, *, arc: bool) -> str:
    """What is wrong with the tags of a signature."""
    needed = ("a", "b", "bh", "d", "s") if arc else ("v", "a", "b", "bh", "d", "h", "s")
    missing = [name for name in needed if not fields.get(name)] or [name for name in ("h",) if name not in fields]
    if missing:
        return f"{missing[0]}= is missing"
    if not arc and fields["v"] != "1":
        return "v= is not 1"
    if arc and "v" in fields:
        return "v= is not allowed"
    if wrong := _wrong_key(base):
        return wrong
    if "q" in fields and "dns/txt" not in tags.names(fields["q"]):
        return "q= is not known"
    if _forms(fields.get("c", _FORMS[arc])) is None:
        return "c= is not known"
    if "l" in fields and not _LENGTH.match(fields["l"]):
        return "l= is no number"
    if not _is_base64(tags.packed(fields["bh"])):
        return "bh= cannot be read"
    signed = tags.names(fields["h"])
    if "from" not in signed and not arc:
        return "From is not signed"
    if arc and "arc-seal" in signed:
        return "h= has ARC-Seal"
    if any(name in fields and _number(fields[name]) < 0 for name in ("t", "x")):
        return "t= or x= is no number"
    if not arc and fields.get("i") and not is_within(_identity(fields), base.domain):
        return "i= is not within d="
    return ""


def _identity(fields: Mapping[str, str]) -> str:
    """The domain of i=, which is quoted (RFC 6376 3.5)."""
    return a_labels(tags.unquoted(fields["i"]).rpartition("@")[2])


def _wrong_key(base: Signature) -> str:
    """What is wrong with the tags for signer and algorithm."""
    if base.algorithm == "rsa-sha1":
        return "rsa-sha1 proves nothing (RFC 8301)"
    if base.algorithm not in _ALGORITHMS:
        return "a= is not known"
    if not is_domain(base.domain) or not is_domain(f"{base.selector}._domainkey.{base.domain}"):
        return "d= or s= is no name"
    return "" if _is_base64(base.signature) else "b= cannot be read"


def instances(every: Iterable[Field]) -> tuple[dict[int, dict[bytes, Field]], str]:
    """The fields of each ARC set by number and name, and what is wrong with their structure (RFC 8617 5.2, step 3)."""
    rows: dict[int, dict[bytes, Field]] = {}
    for field in every:
        if field.name not in ORDER:
            continue
        number = _instance(field)
        if not 1 <= number <= MAX_SETS:
            return {}, "i= is no number from 1 to 50"
        if field.name in rows.setdefault(number, {}):
            return {}, "a field is there twice"
        rows[number][field.name] = field
    if sorted(rows) != list(range(1, len(rows) + 1)) or any(len(row) != len(ORDER) for row in rows.values()):
        return {}, "a field is missing"
    return rows, ""


def _chain(every: Sequence[Field]) -> tuple[tuple[ArcSet, ...], str]:
    """The ARC sets, and what is wrong with their structure."""
    rows, wrong = instances(every)
    fed: list[Field] = []
    sets: list[ArcSet] = []
    for number in range(1, len(rows) + 1):
        results, message, seal = (rows[number][name] for name in ORDER)
        fed += [results, message]
        own = _signature(message, every, arc=True) if number == len(rows) else Signature()
        sets.append(ArcSet(_seal(seal, fed, number), own, results.value[:_MAX_VALUE].decode("latin-1")))
        fed.append(seal)
    return tuple(sets), wrong


def _instance(field: Field) -> int:
    if field.name == b"arc-authentication-results":
        first = field.value.partition(b";")[0].decode("latin-1")
        name, _, value = first.partition("=")
        return _number(value.strip()) if name.strip() == "i" else -1
    fields = _tags(field)
    return _number(fields.get("i", "")) if fields is not None else -1


def _seal(field: Field, fed: Sequence[Field], number: int) -> Signature:
    """An ARC-Seal (RFC 8617 4.1.3, 5.1.1): it signs the fields of all sets so far."""
    fields = _tags(field) or {}
    base = _base(fields)
    cv = tags.packed(fields.get("cv", "")).lower()
    missing = [name for name in ("a", "b", "cv", "d", "i", "s") if not fields.get(name)]
    wrong = f"{missing[0]}= is missing" if missing else _wrong_key(base)
    if not wrong and "h" in fields:
        wrong = "h= is not allowed"
    if not wrong and cv not in (("none",) if number == 1 else ("pass",)):
        wrong = f"cv= is {cv[:10]}"
    digest = canonical.header_digest(fed, canonical.header_field(_emptied(field), "relaxed"), "relaxed")
    return replace(base, cv=cv[:10], wrong=wrong, digest=digest.hex())


def _tags(field: Field) -> dict[str, str] | None:
    value = field.value
    return tags.read(value.decode("latin-1")) if len(value) <= _MAX_VALUE else None


def _emptied(field: Field) -> Field:
    """A signature field as it signs itself, with an empty b=."""
    cut = field.raw.index(b":") + 1
    return Field(field.name, field.raw[:cut] + tags.without_b(field.raw[cut:]))


def _forms(text: str) -> tuple[Form, Form] | None:
    """Of header and body; None where one is not known."""
    header, _, body = text.lower().partition("/")
    pair = _FORM.get(header), _FORM.get(body or "simple")
    return (pair[0], pair[1]) if pair[0] and pair[1] else None


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else -1


def _is_base64(text: str) -> bool:
    try:
        return bool(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return False
