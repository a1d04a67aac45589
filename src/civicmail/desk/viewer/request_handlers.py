"""Answer the requests of the viewer (message_requests.py). Only sandboxed processes import it."""

from __future__ import annotations

import zoneinfo
from itertools import accumulate

from civicmail.desk.viewer import invitations, link_digests, preview, render, safe_html
from civicmail.desk.viewer.meeting import Meeting
from civicmail.desk.viewer.message_requests import (
    DrawFrame,
    FindLinks,
    ReadHeaders,
    ReadInvitation,
    ReadMessage,
    ReadPart,
    ReadPreviews,
)
from civicmail.desk.viewer.message_view import HeaderLine, Run, Shown


def prepare(*, forks: bool) -> None:
    zoneinfo.reset_tzpath(to=())  # the machine's own are out of reach; those of the package are not


def read_message(content: bytes, request: ReadMessage) -> Shown | None:
    return render.shown(content, page=request.page, files_page=request.files_page, path=request.path)


def read_headers(content: bytes, request: ReadHeaders) -> tuple[list[HeaderLine], int] | None:
    return render.headers(content, path=request.path)


def read_invitation(content: bytes, request: ReadInvitation) -> Meeting | None:
    return invitations.invitation(content, path=request.path)


def draw_frame(content: bytes, request: DrawFrame) -> bytes | None:
    return safe_html.page(content, request.path, request.words)


def read_previews(content: bytes, request: ReadPreviews) -> list[str]:
    ends = accumulate(request.sizes)
    return [preview.words(content[end - size : end]) for size, end in zip(request.sizes, ends, strict=True)]


def find_links(content: bytes, request: FindLinks) -> dict[str, tuple[Run, ...]]:
    return link_digests.links(content, request.digests)


def read_part(content: bytes, request: ReadPart) -> tuple[str, bytes] | None:
    return render.part(content, request.path)
