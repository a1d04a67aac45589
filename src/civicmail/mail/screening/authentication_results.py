"""The Authentication-Results header field (RFC 8601): write ours, and parse others'. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from civicmail.city.policy.dispositions import UNAVAILABLE, Finding
from civicmail.mail.screening.domains import a_labels

FIELD = "Authentication-Results"
METHODS = ("spf", "dkim", "arc", "dmarc")
_RESULTS = frozenset({"pass", "fail", "softfail", "neutral", "none", "temperror", "permerror"})
_MAX_SIGNATURES = 8
_NAME = re.compile(r'"((?:[^"\\]|\\.)*)"|([^\s;("]+)')
_WORD = re.compile(r"[A-Za-z0-9.@_+-]+")
_PAIR = re.compile(r"\\(.)")


def field_lines(host: str, findings: Iterable[Finding]) -> list[str]:
    """The lines of our field, without line ends, from the findings of a receipt; none if nothing was checked. host: our
    authserv-id."""
    rows = method_results(findings)
    if not rows:
        return []
    lines = [f"{FIELD}: {host}", *(f"\t{one}" for one in rows)]
    return [f"{line};" for line in lines[:-1]] + lines[-1:]


def method_results(findings: Iterable[Finding]) -> list[str]:
    """Each result with its properties and, in a comment, the reason (RFC 8601 2.2: resinfo)."""
    by_method: dict[str, list[str]] = {method: [] for method in METHODS}
    for finding in findings:
        rows = by_method.get(finding.check)
        if rows is None or len(rows) == _MAX_SIGNATURES:
            continue
        if finding.code in _RESULTS:
            rows.append(f"{finding.check}={finding.code} {finding.mask}".rstrip())
        elif finding.code == UNAVAILABLE and not rows:
            rows.append(f"{finding.check}=temperror")
    return [row for method in METHODS for row in by_method[method]]


def is_from(value: str, host: str) -> bool:
    """Whether a field claims to be ours; then somebody else wrote it (RFC 8601 5). value: unfolded."""
    name = _NAME.match(value, _behind_comments(value))
    return name is not None and a_labels(_PAIR.sub(r"\1", name[1] or name[2] or "")) == a_labels(host)


def plain(value: str) -> str:
    """The field without comments. Quoted strings are kept only if they are a name or address, else replaced by an x, because
    anybody may put words there, such as dmarc=pass in a local part. "" if it does not end properly."""
    kept: list[str] = []
    quoted: list[str] | None = None
    depth = at = 0
    while at < len(value):
        sign = value[at]
        if sign == "\\" and (depth or quoted is not None):
            at += 1
            sign = " "
        if quoted is not None:
            if sign == '"':
                kept.append("".join(quoted) if _WORD.fullmatch("".join(quoted)) else "x")
                quoted = None
            else:
                quoted.append(sign)
        elif depth or sign == "(":
            depth += (sign == "(") - (sign == ")")
            kept.append(" ")
        elif sign == '"':
            quoted = []
        else:
            kept.append(sign)
        at += 1
    return "" if depth or quoted is not None else " ".join("".join(kept).split())


def _behind_comments(value: str) -> int:
    """Where the first word begins, after nested comments (RFC 5322 3.2.2)."""
    depth = at = 0
    while at < len(value):
        sign = value[at]
        if depth and sign == "\\":
            at += 1  # whatever comes next stands for itself
        elif sign == "(":
            depth += 1
        elif depth and sign == ")":
            depth -= 1
        elif not depth and not sign.isspace():
            break
        at += 1
    return at
