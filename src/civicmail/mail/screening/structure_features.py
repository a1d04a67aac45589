"""Spam features of how a message is built, as names. Pure.

Only what the author's own program writes counts. Relays, dates, lists, Message-IDs and answers are left out: they depend on the
place or are easily forged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from civicmail.core.message.model import Header, ParsedMessage, Part

MAX_NAMES = 600
MAX_HTML = 20_000
MAX_LINKS = 50
MAX_VALUE = 200
_REMEMBERED = 4096  # values of fields and hosts that come with message after message

_FIELDS = frozenset(
    {
        *("cc", "content-class", "content-disposition", "content-transfer-encoding", "content-type", "importance", "mime-version"),
        *("organization", "reply-to", "thread-index", "thread-topic", "user-agent", "x-accept-language", "x-mailer", "x-mimeole"),
        *("x-msmail-priority", "x-priority"),
    }
)
_VALUES = _FIELDS - {"cc", "organization", "reply-to", "thread-index", "thread-topic"}
_PROGRAM = re.compile(r"[A-Za-z][\w./-]*")
_BOUNDARY = re.compile(r'(?i)boundary\s*=\s*"?([^";]*)"?')
_TAG = re.compile(rb"<([A-Za-z][A-Za-z0-9]{0,9})")
_LOOK = re.compile(
    rb"([ABCFMSWabcfmsw](?<=\b\w)(?:(?<=[Aa])(?i:lign|ction)|(?<=[Bb])(?i:gcolor|order)|(?<=[Cc])(?i:olor)|(?<=[Ff])(?i:ace)"
    rb"|(?<=[Mm])(?i:ethod)|(?<=[Ss])(?i:ize)|(?<=[Ww])(?i:idth)))\s{0,3}=\s{0,3}[\"']?([^\s\"'<>]{1,16})"
)
"""color, face, width and their like. It begins with a set of letters, so that others are passed over without being entered."""
_URL = re.compile(r"((?i:[a-z][a-z0-9+.-]{0,15})):(?://(?:([^/?#@]{0,60})@)?([^/:?#]{1,253})(:\d+)?([^?#]{0,200})(\?)?)?")
_THREE_DIGITS, _NUMBER_LAST = re.compile(r"\d{3}"), re.compile(r"\d{3,}\W*$")


def extract(message: ParsedMessage) -> list[str]:
    """The feature names, in order; duplicates are possible."""
    names: list[str] = []
    for source in (
        _head(message.headers),
        _parts(message.parts),
        _html(message),
        _links(message),
        _people(message),
        _subject(message),
    ):
        names += source
    return names[:MAX_NAMES]


def _head(headers: tuple[Header, ...]) -> Iterator[str]:
    before = ""
    for header in headers:
        name = header.name.lower()
        if name not in _FIELDS:
            continue
        yield f"field:{name}"
        yield f"order:{before}>{name}"
        before = name
        if name in _VALUES:
            yield from _value(name, header.value[:MAX_VALUE])


@lru_cache(_REMEMBERED)
def _value(name: str, value: str) -> tuple[str, ...]:
    """The feature names of a field's value."""
    names: list[str] = []
    if (boundary := _BOUNDARY.search(value)) is not None:
        names.append(f"boundary:{_shape(boundary[1])}")
        value = _BOUNDARY.sub("", value)
    return (*names, *[f"{name}:{word.lower()}" for word in _PROGRAM.findall(value)])


def _shape(word: str) -> str:
    """Replace letters and digits by their kind, so that random boundaries of one program are equal."""
    return re.sub(r"[0-9]+", "9", re.sub(r"[A-Fa-f0-9]{4,}|[A-Za-z]{12,}", "9", word))[:24]


def _parts(parts: tuple[Part, ...]) -> Iterator[str]:
    yield f"parts:{min(len(parts), 9)}"
    for part in parts[:20]:
        yield f"part:{part.path.count('.')}:{part.content_type[:40]}"
        yield f"charset:{part.charset[:20]}"
        yield f"encoded:{part.content_type[:40]}:{part.encoding[:20]}"
        if part.filename:
            yield f"file:{part.filename.rpartition('.')[2].lower()[:6]}"


def _html(message: ParsedMessage) -> Iterator[str]:
    for part in message.parts:
        if part.content_type == "text/html":
            content = part.content[:MAX_HTML]
            yield from [f"tag:{tag.decode().lower()}" for tag in dict.fromkeys(_TAG.findall(content))]
            for name, value in dict.fromkeys(_LOOK.findall(content)):
                yield f"look:{name.decode('ascii').lower()}={value.decode('latin-1').lower()}"
            return


def _links(message: ParsedMessage) -> Iterator[str]:
    yield f"links:{min(len(message.links), 9)}"
    for link in message.links[:MAX_LINKS]:
        if (url := _URL.match(link.url[:600])) is None:
            yield "link:odd"
            continue
        scheme, user, host, port, _, query = url.groups()
        yield f"link:{scheme.lower()}"
        if host:
            names, is_address = _host(host)
            yield from names
            for what, so in (("user", user), ("port", port), ("query", query), ("address", is_address)):
                if so:
                    yield f"link:{what}"


@lru_cache(_REMEMBERED)
def _host(host: str) -> tuple[tuple[str, str], bool]:
    """The feature names of a host, and whether it is an address."""
    labels = host.lower().split(".")
    return (f"link:{'.'.join(labels[-2:])[:60]}", f"link:.{labels[-1][:12]}"), labels[-1].isdigit()


def _people(message: ParsedMessage) -> Iterator[str]:
    author = message.from_[0] if message.from_ else None
    if author is None:
        yield "from:none"
    else:
        yield f"from:.{author.domain.rpartition('.')[2][:12]}"
        yield f"from:{_kind(author.display, author.addr)}"
        if _THREE_DIGITS.search(author.local):
            yield "from:digits"
        if message.reply_to and message.reply_to[0].domain != author.domain:
            yield "reply:elsewhere"
        if message.to and message.to[0].addr == author.addr:
            yield "to:author"
    yield f"to:{min(len(message.to), 5)}"
    yield f"cc:{min(len(message.cc), 5)}"


def _kind(display: str, address: str) -> str:
    if not display:
        return "bare"
    if display.strip("'\" ").lower() == address.lower():
        return "address"
    return "capitals" if display.isupper() else "name"


def _subject(message: ParsedMessage) -> Iterator[str]:
    subject = message.subject[:MAX_VALUE]
    looks = (
        ("none", not subject),
        ("capitals", subject.isupper()),
        ("spaces", "   " in subject),
        ("number", _NUMBER_LAST.search(subject)),
        ("loud", "!" in subject),
        ("foreign", not subject.isascii()),
    )
    yield from (f"subject-is:{name}" for name, so in looks if so)
    yield f"length:{(len(message.text) + len(message.html_text)).bit_length()}"
    yield f"hidden:{len(message.hidden_text).bit_length()}"
    yield from (f"defect:{code}" for code in dict.fromkeys(defect.code for defect in message.defects[:50]))
