"""Strip unapproved files from an outgoing copy (P-22): a line in the city's languages replaces each. Pure.

The archived bytes stay; the replacements are in `replaced` of the `delivered` record, like marks and links. Everything else of the
message leaves byte for byte. A sandboxed process finds the places (strip_reader.py).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

MAX_NAME = 100
"""Characters of a file's name that are shown."""
HEAD = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: inline\r\n\r\n"
_WORDS = """\
{english} was not approved for sending and is not part of this message. Ask the sender.

{spanish} no fue aprobado para su envío y no forma parte de este mensaje. Pregunte a quien se lo envió.
""".replace("\n", "\r\n")
_LINE = 76
Replaced = list[list[Any]]
"""[offset, length, text] of each replacement, in order, as a `delivered` record has it."""


def derived(raw: bytes, edits: Replaced) -> bytes:
    """The bytes of a message with these edits."""
    pieces, done = list[bytes](), 0
    for at, length, text in edits:
        pieces += [raw[done:at], text.encode("ascii")]
        done = at + length
    return b"".join([*pieces, raw[done:]])


def with_files_stripped(sent: Mapping[str, Any], more: Replaced) -> dict[str, Any]:
    """`sent` of a `delivered` record with stripped files added; other changes inside of those files are dropped."""
    gone = [(at, at + length) for at, length, _ in more]
    kept = [e for e in sent.get("replaced", ()) if not any(low <= e[0] and e[0] + e[1] <= high for low, high in gone)]
    return {**sent, "replaced": sorted([*kept, *more], key=lambda edit: int(edit[0]))}


def replacement_part(name: str) -> str:
    """The part that replaces a file: ASCII, in base64, so that no name can end the part early."""
    called = name[:MAX_NAME]
    english, spanish = (f"The file “{called}”", f"El archivo «{called}»") if name else ("A file", "Un archivo")
    text = base64.b64encode(_WORDS.format(english=english, spanish=spanish).encode("utf-8", "replace")).decode()
    return HEAD + "\r\n".join(text[at : at + _LINE] for at in range(0, len(text), _LINE))
