"""The sandboxed process that reads messages for the viewer: `python -I -m civicmail.desk.viewer.worker`.

sandbox/request_server.py has the loop.
"""

from __future__ import annotations

import sys
import zoneinfo
from typing import Any

import orjson

from civicmail.core.sandbox import request_server
from civicmail.desk.viewer import invitations, link_digests, preview, render, safe_html

MEMORY = 2 << 30
"""Bytes of address space: forty million letters in the widest form that Python has for them, and the message itself twice."""

WORDS = dict.fromkeys(("title", "nowhere", "really", "goes", "picture", "no_alt"), "")
WARM: list[dict[str, Any]] = [
    {"what": what, "path": "", "page": 1, "files_page": 1, "words": WORDS, "wanted": []}
    for what in ("shown", "headers", "meeting", "frame", "words", "links", "part")
]


def answer(question: dict[str, Any], content: bytes) -> bytes:
    """what: shown, headers, frame, meeting, words, links or part, of the message or file at `path`; an empty answer where that
    names nothing."""
    what, path = question["what"], question["path"]
    if what == "shown":
        view = render.shown(content, page=question["page"], files_page=question["files_page"], path=path)
        return b"" if view is None else orjson.dumps(view)
    if what == "headers":
        lines = render.headers(content, path=path)
        return b"" if lines is None else orjson.dumps(lines)
    if what == "meeting":
        meeting = invitations.invitation(content, path=path)
        return b"" if meeting is None else orjson.dumps(meeting.plain())
    if what == "frame":
        return safe_html.page(content, path, question["words"]) or b""
    if what == "words":
        return preview.words(content).encode("utf-8", "replace")
    if what == "links":
        return orjson.dumps(link_digests.links(content, question["wanted"]))
    part = render.part(content, path)
    return b"" if part is None else orjson.dumps(part[0].encode("utf-8", "replace").decode()) + b"\n" + part[1]


if __name__ == "__main__":
    zoneinfo.reset_tzpath(to=())  # the machine's own are out of reach; those of the package are not
    request_server.serve(answer, memory=MEMORY, warm=WARM)
    sys.exit(0)
