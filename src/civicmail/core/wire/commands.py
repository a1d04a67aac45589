"""Command lines as data: verb, argument, paths and parameters (RFC 5321 4.1, RFC 3461, RFC 1870, RFC 6152, RFC 6531)."""

from __future__ import annotations

import re

from civicmail.core.wire.errors import CommandError, PathError
from civicmail.core.wire.events import MailFrom, RcptTo
from civicmail.core.wire.paths import parse_path, split_path

_KEYWORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
_ENCODED = re.compile(rb"\+([0-9A-Fa-f]{2})")
_NOTIFY = re.compile(r"NEVER|(?:SUCCESS|FAILURE|DELAY)(?:,(?:SUCCESS|FAILURE|DELAY)){0,2}")
_ORCPT = re.compile(r"[A-Za-z0-9-]+;.+")
_UNKNOWN = "555 5.5.4 Parameter not recognized"

_ATTRIBUTES = {
    "XCLIENT": frozenset({"NAME", "ADDR", "PORT", "PROTO", "HELO", "LOGIN", "DESTADDR", "DESTPORT"}),
    "XFORWARD": frozenset({"NAME", "ADDR", "PORT", "PROTO", "HELO", "IDENT", "SOURCE"}),
}
_ABSENT = frozenset({"[UNAVAILABLE]", "[TEMPUNAVAIL]"})


def parse_mail(argument: str, *, lenient: bool) -> MailFrom:
    """The argument of MAIL; CommandError or PathError when it is wrong. lenient: see `paths.split_path`."""
    if argument[:5].upper() != "FROM:":
        raise CommandError("MAIL wants FROM:<address>.", "501 5.5.4 Syntax: MAIL FROM:<address>")
    try:
        raw, rest = split_path(argument[5:], brackets_optional=lenient)
        path = parse_path(raw)
    except PathError as problem:
        raise PathError(str(problem), problem.smtp.replace("5.1.3", "5.1.7")) from None
    params = _params(rest)
    for name, value in params.items():
        if not _mail_param_ok(name, value):
            raise CommandError(f"{name} has a value that is not allowed.")
    return MailFrom(path, params)


def parse_rcpt(argument: str, *, lenient: bool) -> RcptTo:
    """The argument of RCPT; CommandError or PathError when it is wrong."""
    if argument[:3].upper() != "TO:":
        raise CommandError("RCPT wants TO:<address>.", "501 5.5.4 Syntax: RCPT TO:<address>")
    raw, rest = split_path(argument[3:], brackets_optional=lenient)
    path = parse_path(raw)
    if path.is_null:
        raise PathError("A recipient cannot be empty.")
    if not rest:
        return RcptTo(path, "", "")
    params = _params(rest)
    notify, orcpt = params.pop("NOTIFY", "").upper(), params.pop("ORCPT", "")
    if params:
        raise CommandError("RCPT has a parameter that is not known.", _UNKNOWN)
    if notify and _NOTIFY.fullmatch(notify) is None:
        raise CommandError("NOTIFY has a value that is not allowed.")
    if orcpt and (len(orcpt) > 500 or _ORCPT.fullmatch(orcpt) is None):
        raise CommandError("ORCPT is not an address type and an address.")
    return RcptTo(path, notify, orcpt)


def _params(text: str) -> dict[str, str]:
    params: dict[str, str] = {}
    for word in text.split():
        name, _, value = word.partition("=")
        name = name.upper()
        if _KEYWORD.fullmatch(name) is None or name in params:
            raise CommandError("A parameter is misspelt or given twice.")
        params[name] = value
    return params


def _mail_param_ok(name: str, value: str) -> bool:
    match name:
        case "SIZE":
            return value.isascii() and value.isdigit() and len(value) <= 20
        case "BODY":
            return value.upper() in ("7BIT", "8BITMIME")
        case "SMTPUTF8":
            return value == ""
        case "RET":
            return value.upper() in ("FULL", "HDRS")
        case "AUTH":
            return 0 < len(value) <= 500 and value.isascii()
        case "ENVID":
            return 0 < len(value) <= 100 and value.isascii()
        case _:
            raise CommandError("MAIL has a parameter that is not known.", _UNKNOWN)


def parse_chunk(argument: str) -> tuple[int, bool]:
    """Size and LAST of BDAT (RFC 3030 2)."""
    size, _, mark = argument.partition(" ")
    if not (size.isascii() and size.isdigit() and len(size) <= 20) or mark.strip().upper() not in ("", "LAST"):
        raise CommandError("BDAT wants a size and perhaps LAST.")
    return int(size), bool(mark)


def parse_attributes(verb: str, argument: str) -> dict[str, str]:
    """XCLIENT or XFORWARD attributes, decoded; unavailable ones are "" (Postfix XCLIENT_README, XFORWARD_README)."""
    attributes: dict[str, str] = {}
    for word in argument.split():
        name, equals, value = word.partition("=")
        name = name.upper()
        if not equals or name not in _ATTRIBUTES[verb]:
            raise CommandError(f"{verb} has an attribute that is not known.")
        decoded = decode_xtext(value)
        attributes[name] = "" if value.upper() in _ABSENT else decoded
    if not attributes:
        raise CommandError(f"{verb} wants attributes.")
    return attributes


def decode_xtext(text: str) -> str:
    """xtext of RFC 3461 4 as text; bytes that are no UTF-8 and control characters become U+FFFD."""
    if "+" in text:
        raw = _ENCODED.sub(lambda m: bytes((int(m.group(1), 16),)), text.encode("utf-8"))
        text = raw.decode("utf-8", "replace")
    return "".join(c if c.isprintable() else "\ufffd" for c in text)
