"""The requests about a message that sandboxed processes answer for the viewer.

path: of the message attached to it, "" for itself.
"""

from __future__ import annotations

from civicmail.core.sandbox.service import Request, Service
from civicmail.desk.viewer.meeting import Meeting
from civicmail.desk.viewer.message_view import HeaderLine, Run, Shown

_HANDLERS = "civicmail.desk.viewer.request_handlers"


class ReadMessage(Request[Shown | None], frozen=True):
    handler = f"{_HANDLERS}:read_message"

    path: str = ""
    page: int = 1
    files_page: int = 1


class ReadHeaders(Request[tuple[list[HeaderLine], int] | None], frozen=True):
    """The fields of the header, as many as are shown, and how many there are."""

    handler = f"{_HANDLERS}:read_headers"

    path: str = ""


class ReadInvitation(Request[Meeting | None], frozen=True):
    handler = f"{_HANDLERS}:read_invitation"

    path: str = ""


class DrawFrame(Request[bytes | None], frozen=True):
    """The document for the locked frame. words: texts that it needs (safe_html.py)."""

    handler = f"{_HANDLERS}:draw_frame"

    path: str
    words: dict[str, str]


class ReadPreviews(Request[list[str]], frozen=True):
    """Request the beginning of each of several messages, in one line; empty for an unreadable one. The content is the messages, one
    after the other; sizes: of each, in bytes. One process reads them all, so they must be for one reader."""

    handler = f"{_HANDLERS}:read_previews"

    sizes: tuple[int, ...] = ()

    def check(self, reply: list[str], size: int) -> None:
        if len(reply) != len(self.sizes):
            raise ValueError("not a line for each message")


class FindLinks(Request[dict[str, tuple[Run, ...]]], frozen=True):
    """The addresses with these SHA-256 that a message links to."""

    handler = f"{_HANDLERS}:find_links"

    digests: tuple[str, ...] = ()


class ReadPart(Request[tuple[str, bytes] | None], frozen=True):
    """Name and bytes of the file at a path."""

    handler = f"{_HANDLERS}:read_part"

    path: str = ""


_WORDS = dict.fromkeys(("title", "nowhere", "really", "goes", "picture", "no_alt"), "")
SERVICE = Service(
    __name__,
    (ReadMessage, ReadHeaders, ReadInvitation, DrawFrame, ReadPreviews, FindLinks, ReadPart),
    fork_each=True,
    warm=(ReadMessage(), ReadHeaders(), ReadInvitation(), DrawFrame("", _WORDS), ReadPreviews((1 << 20,)), FindLinks(), ReadPart()),
    prepare=f"{_HANDLERS}:prepare",
)
