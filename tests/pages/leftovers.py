"""What no page shows: what a template or a program leaves where words should stand."""

from __future__ import annotations

import re
from typing import Any

LEFT = re.compile(
    r"object at 0x|\bNode: |TextNode|<(?:function|bound method|class|generator|lambda)\b|Traceback \(|KeyError|\{\{|\{%|\{#"
    r"|\bNaN\b|\bNone of None\b|\bNone\b(?=\s*(?:$|</))|\b(?:datetime|Decimal|UUID|PosixPath|QuerySet|mappingproxy|frozenset)\("
    r"|\b[A-Z][A-Za-z]+\([a-z_]+=|__proxy__|%\([a-z_]+\)[sd]|(?<![\w/])\{[a-z_]+\}"
)
"""The last two: words for which nobody gave the value."""
_QUIET = re.compile(r"(?s)<(script|style|pre|code|textarea)\b.*?</\1>|<!--.*?-->")


def leftovers(response: Any) -> list[str]:
    """Of one answer, where it is a page."""
    if response.streaming or "html" not in response.headers.get("Content-Type", ""):
        return []
    text = _QUIET.sub(" ", response.content.decode())
    tags = " ".join(re.findall(r"""(?:title|alt|aria-label|value|href|action)="([^"]*)\"""", text))
    plain = re.sub(r"<(?=[/a-zA-Z!])[^>]*>", "\n", text).replace("&lt;", "<").replace("&#x27;", "'").replace("&quot;", '"')
    lines = [line.strip() for line in (*plain.splitlines(), *tags.splitlines())]
    return [line[:120] for line in lines if LEFT.search(line)]
