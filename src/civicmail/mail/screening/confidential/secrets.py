"""Keys and passwords: what only a machine's key looks like is sure, "password is …" is not. Forms as their makers publish them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from civicmail.mail.screening.confidential.shapes import Detector, Hit, Text, each

_PEM = re.compile(
    r"-----BEGIN (?:(?:RSA|EC|DSA|OPENSSH|ENCRYPTED|PGP) )?PRIVATE KEY(?: BLOCK)?-----(?:[\s>]|\\n){1,8}"
    r"(?:[A-Za-z][A-Za-z-]{2,20}: [^\n]{1,80}\n[\s>]{0,8}){0,3}([A-Za-z0-9+/=]{40,76})(?:[\s>]|\\n)"
)
_TOKEN = re.compile(
    r"(?<![0-9A-Za-z_-])(?:((?:AKIA|ASIA)[A-Z2-7]{16})|(gh[pousr]_[A-Za-z0-9]{36}"
    r"|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})|(glpat-[A-Za-z0-9_-]{20})"
    r"|(xox[baprs]-[0-9A-Za-z]{8,14}-[0-9A-Za-z-]{10,60})|(AIza[0-9A-Za-z_-]{35})|([sr]k_(?:live|test)_[0-9A-Za-z]{24,99})"
    r"|(SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43})"
    r"|(xapp-[0-9]-[A-Z0-9]{8,14}-[0-9]{8,20}-[0-9a-f]{40,80})|(whsec_[A-Za-z0-9+/]{24,64})|(ya29\.[A-Za-z0-9_-]{40,500})"
    r"|(npm_[A-Za-z0-9]{36})|(eyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{20,1000}))(?![0-9A-Za-z_-])",
    re.ASCII,
)
_NAMED = re.compile(
    r"(?:(?i:aws|amazon)[^\n]{0,20}(?i:secret|key)[^\n]{0,20}?[=:][ \"']{0,3}([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])"
    r"|(?i:secret_?access_?key)[\"' ]{0,3}[=:][ \"']{0,3}([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])"
    r"|\b(?:AccountKey|SharedAccessKey)=([A-Za-z0-9+/]{43,86}={1,2}))"
)
"""Keys of AWS and Azure (storage, service bus), which only their name tells from other letters."""
_PASSWORD = re.compile(
    r"\b(?:password|passwd|passcode|passphrase|contraseña|contrasena"
    r"|pin(?: code)?)\b(?: (?:for \w{1,30}))?(?: ?(?:is|:|=)[ \"'`]{0,3}){1,2}([^\s\"'`<>]{6,64})",
    re.IGNORECASE,
)
_NO_PASSWORD = re.compile(r"[a-z]+[.,;:!?)]*\Z|[*x.•_-]+\Z|\S*[<>{}$%]", re.IGNORECASE)
"""An ordinary word, stars, a placeholder."""


def _find(text: Text) -> Iterator[Hit]:
    for m in each(_PEM, text):
        yield Hit("secret", m.start(), m.start(1), m[1], "high", shown=False)
    for m in each(_TOKEN, text):
        value = m[0]
        if len(set(value)) >= 10 and "EXAMPLE" not in value:
            yield Hit("secret", m.start(), m.end(), value, "high", shown=False)

    for m in each(_NAMED, text):
        group = m.lastindex or 0
        if len(set(m[group])) >= 10 and "EXAMPLE" not in m[group]:
            yield Hit("secret", m.start(group), m.end(group), m[group], "high", shown=False)


def _find_password(text: Text) -> Iterator[Hit]:
    for m in each(_PASSWORD, text):
        if not _NO_PASSWORD.match(m[1]):
            yield Hit("password", m.start(1), m.end(1), m[1], "medium", shown=False)


FAMILY = (
    Detector(
        "secret",
        (
            r"PRIVATE KEY(?: BLOCK)?-----",
            r"secret_?access_?key|(?:aws|amazon).{0,20}(?:secret|key).{0,20}[=:]|\b(?:accountkey|sharedaccesskey)=",
            r"(?-i:\b(?:AKIA|ASIA)[A-Z2-7]{8}|\bgh[pousr]_|\bgithub_pat_|\bglpat-|\bxox[baprs]-|\bAIza|\b[sr]k_(?:live|test)_|\bxapp-|\bwhsec_|\bya29\."
            r"|\bSG\.[A-Za-z0-9_-]{4}|\bnpm_|\beyJ[A-Za-z0-9_-]{4})",
        ),
        _find,
    ),
    Detector("password", (r"passw|passcode|passphrase|contrase|\bpin(?: code)? ?(?:is|:|=)",), _find_password),
)
