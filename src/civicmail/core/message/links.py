"""Links a reader can follow: targets in HTML elements and addresses written out in plain text."""

from __future__ import annotations

import re

_URL = re.compile(r"\b(?:https?|ftp)://[^\s<>\"'`\x00-\x1f]{1,4000}|(?<![@\w.])www\.[^\s<>\"'`\x00-\x1f@]{3,4000}", re.IGNORECASE)
_TRAILING = ".,;:!?*_'\u2019\u201d\u00bb"
_MOST_TRAILING = 32
_PAIRS = {")": "(", "]": "[", "}": "{"}


def in_text(text: str) -> list[str]:
    """URLs in running text, without the punctuation of the sentence behind them; "www." names get their scheme."""
    found = []
    for match in _URL.finditer(text):
        url = _trim(match[0])
        found.append(url if "://" in url[:8] else "http://" + url)
    return found


def _trim(url: str) -> str:
    for _ in range(_MOST_TRAILING):
        last = url[-1:]
        if (last and last in _TRAILING) or (last in _PAIRS and url.count(last) > url.count(_PAIRS[last])):
            url = url[:-1]
        else:
            break
    return url
