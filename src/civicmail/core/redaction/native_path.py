"""The native path: a new message from the surviving lines of the head and the surviving text (Lueders v. Krug, 2019 WI App 36).

Nothing of the original message is in it: no transport fields, no signatures over what was redacted, no alternative text, no file
but those that were released themselves.
"""

from __future__ import annotations

import email.policy
from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage, MIMEPart
from email.utils import parseaddr, parsedate_to_datetime

from civicmail.core.redaction.shapes import Document, Redaction, ReleasedFile
from civicmail.core.redaction.surviving import REDACTED, Piece, label, pieces

MAIL = "message/rfc822"
FIELDS = ("From", "To", "Cc", "Bcc", "Date", "Subject", "Attachments")
"""Lines of the head of a message as a document, in order."""
REDACTED_ADDRESS = "redacted@redaction.invalid"
"""In the place of an address of which anything is redacted; the domain never exists (RFC 2606)."""
_PEOPLE = frozenset({"From", "To", "Cc", "Bcc"})
_BRACKETS = str.maketrans("", "", '<>"')
_POLICY = email.policy.SMTP.clone(max_line_length=78)


def native_eml(
    document: Document, redactions: Sequence[Redaction], *, number: str, attachments: Sequence[ReleasedFile] = (), note: str = ""
) -> ReleasedFile:
    """document: of a message (mail_reader.py). attachments: released files in the place of the original ones. note: sentences for
    the part that lists what was removed."""
    head, body = _divided(document, pieces(document, redactions))
    message = EmailMessage(_POLICY)
    message["Message-ID"] = f"<{number}@redaction.invalid>"
    unset = [f"{name}: {value}" for name, value in head.items() if not _set_field(message, name, value)]
    message.set_content(body + "\n", cte="quoted-printable")
    message.make_mixed(boundary=f"=_{number}")
    about = _removals(redactions, unset, attachments, note)
    message.attach(_text_part("\n".join(about) + "\n"))  # type: ignore[arg-type]  # typeshed knows Message alone
    for file in attachments:
        maintype, _, subtype = file.media_type.partition("/")
        if maintype == "message":  # a nested message would be opened, and its head be read as that of this one
            maintype, subtype = "application", "octet-stream"
        part = MIMEPart(_POLICY)
        part.set_content(file.content, maintype, subtype, disposition="attachment", filename=file.name)
        message.attach(part)  # type: ignore[arg-type]  # as above
    shown = [str(message[name]) for name in FIELDS if message[name] is not None]
    return ReleasedFile(f"{number}.eml", MAIL, message.as_bytes(), (*shown, body, *about))


def _divided(document: Document, kept: Sequence[Piece]) -> tuple[dict[str, str], str]:
    """The surviving value of each line of the head, and the surviving body. A message without a header is all body."""
    lines: list[range] = []
    start = 0
    for n, gap in enumerate(document.gaps):
        if gap in ("\n", "\n\n"):
            lines.append(range(start, n + 1))
            start = n + 1
        if gap == "\n\n":
            break
    else:
        lines.append(range(start, len(document.gaps)))
    head: dict[str, str] = {}
    for line in lines:
        name = document.words[line.start].text.removesuffix(":") if line else ""
        if name not in FIELDS or name in head:
            return {}, "".join(piece.text + piece.gap for piece in kept).strip()
        value = "".join(piece.text + piece.gap for piece in kept if piece.word in line)
        head[name] = value.removeprefix(name).removeprefix(":").strip()
    end = lines[-1].stop
    return head, "".join(piece.text + piece.gap for piece in kept if piece.word >= end).strip()


def _set_field(message: EmailMessage, name: str, value: str) -> bool:
    """Set a header field, where the value is one that it may have."""
    if not value:
        return True
    if name in _PEOPLE:
        message[name] = [_address(entry) for entry in _entries(value)]
    elif name == "Date":
        try:
            message[name] = parsedate_to_datetime(value)
        except ValueError:
            return False
    elif name == "Subject":
        message[name] = value
    else:
        return False
    return True


def _entries(value: str) -> list[str]:
    """The addresses of a field; a comma in quotes or in a label divides none."""
    entries, depth, is_quoted = [""], 0, False
    for character in value:
        is_quoted ^= character == '"'
        depth += (character == "[") - (character == "]")
        if character == "," and not is_quoted and depth <= 0:
            entries.append("")
        else:
            entries[-1] += character
    return [entry.strip() for entry in entries if entry.strip()]


def _address(entry: str) -> Address:
    """An address as it was, or the text of one that is redacted in part as the name of an address that does not exist."""
    display, address = parseaddr(entry)
    try:
        if REDACTED not in entry:
            return Address(display, addr_spec=address)
    except (ValueError, IndexError):
        pass
    return Address(entry.translate(_BRACKETS).strip(), addr_spec=REDACTED_ADDRESS)


def _removals(redactions: Sequence[Redaction], unset: Sequence[str], attachments: Sequence[ReleasedFile], note: str) -> list[str]:
    lines = ["About this copy: it was made for release from the text that was reviewed."]
    lines += ["Header fields of transport and signatures are not part of it."]
    lines += unset
    lines += [label(redaction) for redaction in sorted(redactions, key=lambda one: one.number)]
    lines += [f"Released file: {file.name}" for file in attachments]
    return [*lines, note] if note else lines


def _text_part(text: str) -> MIMEPart:
    part = MIMEPart(_POLICY)
    part.set_content(text, cte="quoted-printable", disposition="inline")
    return part
