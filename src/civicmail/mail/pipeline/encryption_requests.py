"""Encryption requests of senders (P-19). Pure.

[secure] in the subject, from any client, requests encryption: no rule, detector or unavailable check undoes that. On the write page
a sender who was shown the findings may send unencrypted, with a reason: this overrules rules, never a request.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from mmap import mmap

from civicmail.city.policy import rule_keys
from civicmail.city.policy.delivery import Mode
from civicmail.city.policy.dispositions import Disposition, Finding
from civicmail.core.message import header_scan
from civicmail.core.message.encoded_words import decode

OVERRIDE = Finding("secure", rule_keys.SENT_PLAIN)
"""The finding by which the write page passes on the sender's choice."""
WORD = "[secure]"
_OURS = frozenset({"submission", "relay"})
_WORD = re.compile(r"\[\s*secure\s*\]", re.IGNORECASE)
_GOES = frozenset({"deliver", "mark"})
_KEPT = frozenset({"kept", "refuse"})


def is_word_in(subject: str) -> bool:
    """Whether a decoded subject requests encryption."""
    return bool(_WORD.search(subject))


def without_word(subject: str) -> str:
    """A subject without the request, for the reader."""
    return " ".join(_WORD.sub(" ", subject).split()) if is_word_in(subject) else subject


def is_requested(content: bytes | mmap) -> bool:
    """Whether the subject of a message requests encryption."""
    return is_word_in(decode(header_scan.first(content, "subject") or b""))


def require_encryption(
    dispositions: Sequence[Disposition], modes: Sequence[Mode | None], source: str, *, is_requested: bool
) -> tuple[Disposition, ...]:
    """modes: of the recipients' departments, None outside the city. Only copies that leave are changed."""
    if not is_requested or source not in _OURS:
        return tuple(dispositions)
    return tuple(
        _with_encryption(one) if mode is None and one.do not in _KEPT else one
        for one, mode in zip(dispositions, modes, strict=True)
    )


def _with_encryption(disposition: Disposition) -> Disposition:
    """A copy held for another reason stays held, and leaves encrypted later."""
    return replace(
        disposition,
        do="encrypt" if disposition.do in _GOES else disposition.do,
        rules=(*disposition.rules, rule_keys.SECURE_REQUESTED),
        secure=True,
    )


def apply_override(dispositions: Sequence[Disposition], findings: Iterable[Finding]) -> tuple[Disposition, ...]:
    """Apply the sender's choice to send unencrypted."""
    if OVERRIDE not in findings:
        return tuple(dispositions)
    return tuple(_without_encryption(one) if one.secure or one.do == "encrypt" else one for one in dispositions)


def _without_encryption(disposition: Disposition) -> Disposition:
    return replace(
        disposition,
        do="deliver" if disposition.do == "encrypt" else disposition.do,
        rules=(*disposition.rules, rule_keys.SENT_PLAIN),
        secure=False,
    )
