"""Split text into runs by how each is shown: words, links with their real host, invisible characters. Pure.

Characters that change how others look (direction of writing, controls) are shown by their number, so that a name cannot imitate
another (Unicode TR36, TR39; CVE-2021-42574). Marks that scripts need inside words stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from civicmail.core.message import links
from civicmail.desk.viewer.message_view import Run

_CONTROL = re.compile(
    "([\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f\u2028\u2029])"
)
"""In running text: controls, overrides and isolates, tags. Line feed and tab are text."""
_UNSEEN = re.compile(
    "([\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff"
    "\uffa0\ufff9-\ufffc\ud800-\udfff\U000e0000-\U000e0fff])"
)
"""In names, addresses, subjects and file names also what has no width: there it has no honest use. Joiners (U+200C, U+200D) do."""

CONTROLS = 200
"""Characters of one text that are shown by their number; the others have one sign for all of them."""


def runs_of(text: str) -> tuple[Run, ...]:
    """Runs of a name, an address, a subject or a file name."""
    return tuple(_pieces(text, _UNSEEN)) if not text.isprintable() or _UNSEEN.search(text) else (Run(text),) if text else ()


def plain(runs: Iterable[Run]) -> str:
    """Runs as one text; an invisible character is shown by its number."""
    return "".join(f"[{run.text}]" if run.kind == "control" else run.text for run in runs)


def link_runs(text: str) -> tuple[Run, ...]:
    """Runs of text, with web addresses as links."""
    pieces: list[Run] = []
    at = 0
    if "://" in text or "www." in text.lower():
        for start, end, words in links.spans(text):
            pieces += _pieces(text[at:start], _CONTROL)
            pieces.append(linked(words, words))
            at = end
    pieces += _pieces(text[at:], _CONTROL)
    return tuple(pieces)


def linked(words: str, target: str) -> Run:
    """A link with its real destination."""
    there = links.real(target)
    shown = "".join(run.text if run.kind == "text" else f"[{run.text}]" for run in _pieces(words, _CONTROL))
    lies = there.scheme in ("http", "https") and links.names_another(words, there.host)
    return Run(shown, "link", there.url, there.host, lies)


def _pieces(text: str, unseen: re.Pattern[str]) -> Iterator[Run]:
    *some, rest = unseen.split(text, maxsplit=CONTROLS)
    for number, piece in enumerate((*some, unseen.sub("\ufffd", rest))):
        if piece:
            yield Run(f"U+{ord(piece):04X}", "control") if number % 2 else Run(piece)
