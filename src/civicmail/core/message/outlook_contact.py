"""Contacts and distribution lists of Outlook as vCard (RFC 6350), from the properties of MS-OXOCNTC. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from civicmail.core.message import content_lines, mapi
from civicmail.core.message.mapi import Item, Properties
from civicmail.core.message.outlook_calendar import KEYWORDS

_SET = "{00062004-0000-0000-c000-000000000046}"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAME = ("0x3a11", "0x3a06", "0x3a44", "0x3a45", "0x3a05")  # surname, given, middle, prefix, generation
_PHONES = (
    ("0x3a08", "work,voice"), ("0x3a1b", "work,voice"), ("0x3a09", "home,voice"), ("0x3a2f", "home,voice"),
    ("0x3a1c", "cell"), ("0x3a24", "work,fax"), ("0x3a25", "home,fax"), ("0x3a23", "fax"), ("0x3a21", "pager"),
    ("0x3a1f", "voice"), ("0x3a1a", "voice"),
    ("0x3a1e", "voice"), ("0x3a02", "voice"), ("0x3a57", "work,voice"), ("0x3a2e", "work,voice"), ("0x3a2d", "voice"),
    ("0x3a1d", "voice"), ("0x3a4b", "textphone"),
)  # fmt: skip
_ADDRESSES = (  # street, city, state, code, country
    ("work", (f"{_SET}/0x8045", f"{_SET}/0x8046", f"{_SET}/0x8047", f"{_SET}/0x8048", f"{_SET}/0x8049"), f"{_SET}/0x801b"),
    ("home", ("0x3a5d", "0x3a59", "0x3a5c", "0x3a5b", "0x3a5a"), f"{_SET}/0x801a"),
    ("", ("0x3a63", "0x3a5f", "0x3a62", "0x3a61", "0x3a60"), f"{_SET}/0x801c"),
    ("", ("0x3a29", "0x3a27", "0x3a28", "0x3a2a", "0x3a26"), "0x3a15"),
)
_MAILS = (("8083", "8080", "8084"), ("8093", "8090", "8094"), ("80a3", "80a0", "80a4"))
_TEXTS = (
    ("NICKNAME", "0x3a4f"), ("TITLE", "0x3a17"), ("ROLE", "0x3a46"), ("URL", "0x3a51"), ("URL", "0x3a50"),
    ("URL", f"{_SET}/0x802b"),
    ("IMPP", f"{_SET}/0x8062"), ("X-MANAGER", "0x3a4e"), ("X-ASSISTANT", "0x3a30"), ("X-SPOUSE", "0x3a48"), ("X-OFFICE", "0x3a19"),
    ("X-HOBBIES", "0x3a43"), ("X-ACCOUNT", "0x3a00"), ("X-CUSTOMER", "0x3a4a"), ("X-FILE-AS", f"{_SET}/0x8005"),
)  # fmt: skip
_ONE_OFF = bytes.fromhex("812b1fa4bea310199d6e00dd010f5402")
_MANY = 10_000


def part(item: Item) -> bytes | None:
    """The content of a text/vcard; None where the item is no contact."""
    p = item.properties
    class_ = mapi.text(p, mapi.CLASS).lower()
    if not class_.startswith(("ipm.contact", "ipm.distlist")):
        return None
    lines = ["BEGIN:VCARD", "VERSION:4.0"]
    if class_.startswith("ipm.distlist"):
        lines += ["KIND:group", *_line("FN", mapi.text(p, f"{_SET}/0x8053", mapi.NAME) or mapi.subject(p)), *_members(p)]
    else:
        lines += _contact(p)
    words = p.get(KEYWORDS)
    if isinstance(words, list) and words:
        lines.append("CATEGORIES:" + ",".join(content_lines.text(str(word)) for word in words))
    return content_lines.written([*lines, "END:VCARD"])


def _contact(p: Properties) -> list[str]:
    name = [mapi.text(p, number) for number in _NAME]
    lines = _line("FN", mapi.text(p, mapi.NAME) or mapi.subject(p))
    if any(name):
        lines.append("N:" + ";".join(content_lines.text(component) for component in name))
    organization = [mapi.text(p, number) for number in ("0x3a16", "0x3a18")]
    if any(organization):
        lines.append("ORG:" + ";".join(content_lines.text(component) for component in organization).rstrip(";"))
    for field, number in _TEXTS:
        lines += _line(field, mapi.text(p, number))
    for mail in _MAILS:
        address, *shown = (mapi.text(p, f"{_SET}/0x{number}") for number in mail)
        lines += _line("EMAIL", address or next((component for component in reversed(shown) if component), ""))
    for number, kind in _PHONES:
        lines += _line(f'TEL;TYPE="{kind}"', mapi.text(p, number))
    for kind, numbers, label in _ADDRESSES:
        lines += _address(p, kind, numbers, label)
    for field, number in (("BDAY", "0x3a42"), ("ANNIVERSARY", "0x3a41")):
        at = mapi.number(p, number)
        if at and abs(at) < 4_000_000_000_000:
            lines.append(f"{field}:{_EPOCH + timedelta(milliseconds=at):%Y%m%d}")
    return lines


def _address(p: Properties, kind: str, numbers: tuple[str, ...], label: str) -> list[str]:
    pieces = [mapi.text(p, number) for number in numbers]
    whole = mapi.text(p, label)
    if not any(pieces) and not whole:
        return []
    type_ = f";TYPE={kind}" if kind else ""
    if any(pieces):
        return [f"ADR{type_}:;;" + ";".join(content_lines.text(piece) for piece in pieces)]
    return [f"ADR{type_}:;;{content_lines.text(whole)};;;;"]


def _members(p: Properties) -> list[str]:
    """The members of a list: one-off entries name them (MS-OXOCNTC 2.2.2.2.2, MS-OXCDATA 2.2.5.1)."""
    lines: list[str] = []
    members = p.get(f"{_SET}/0x8054")
    for member in members[:_MANY] if isinstance(members, list) else []:
        if isinstance(member, bytes) and member[4:20] == _ONE_OFF:
            wide = member[22:24] and int.from_bytes(member[22:24], "little") & 0x8000
            text = member[24:].decode("utf-16-le" if wide else "cp1252", "replace")
            name, _, address = (*text.split("\0"), "", "", "")[:3]
            place = f"mailto:{''.join(address.split())}" if "@" in address else content_lines.text(address)
            lines.append(f"MEMBER;CN={content_lines.parameter(name)}:{place}")
    return lines


def _line(field: str, value: str) -> list[str]:
    return [f"{field}:{content_lines.text(value)}"] if value.strip() else []
