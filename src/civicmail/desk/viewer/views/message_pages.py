"""The pages of one message. A room wraps them: it loads the message, decides who may see it and with which kind of view, and gives
its links.

    showing.message(request, permit_for, place, links, whole=…, page=…)   reading view, ?view=sent, ?view=headers
    showing.frame(request, permit_for, place, whole=…)                    the content of the frame of "as sent"
    showing.part(request, permit_for, place, whole=…)                     ?path=…: a file, as a download
    showing.raw(request, permit_for, place, whole=…)                      the whole message, as a download

Each gets its permit first, so that its entry is written before anything is opened (E6); none decides anything. whole: whether the
reader may see the archived bytes; if not, everything is made from a recipient's copy (delivered_copy.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.csp import csp_override

from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.permits import Permit
from civicmail.city.pages.city_request import or_404
from civicmail.city.pages.page import Page
from civicmail.core.sandbox.errors import Unreadable
from civicmail.desk.viewer import downloads, safe_html, sandboxed
from civicmail.desk.viewer.delivered_copy import delivered_bytes
from civicmail.desk.viewer.errors import Unshown
from civicmail.desk.viewer.message_view import HeaderLine, Person, Shown
from civicmail.desk.viewer.queries import store
from civicmail.desk.viewer.views import words
from civicmail.mail.archive.places import Place
from civicmail.mail.archive.records import Capture

SHOW, ATTACHMENT = "content.show", "content.attachment"
_EARLIEST, _LATEST = -2_208_988_800_000, 221_845_392_000_000  # the years 1900 and 9000
MODES = ("text", "sent", "headers")
PermitFor = Callable[[str, dict[str, Any]], Permit]
"""(act, facts) -> a permit whose entry is durable. act: SHOW or ATTACHMENT; facts: id of the capture, mode or part."""


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses of the room's pages, each without a query: of the page itself, and of the three others. post: files are fetched
    by a form, because each is an entry; look, picture: where a file opens as text and drawn pages first (looking.py)."""

    view: str
    frame: str
    part: str
    raw: str
    post: bool = False
    look: str = ""
    picture: str = ""


@dataclass(frozen=True, slots=True)
class SeenMessage:
    """The message of a page. content: the bytes that the reader may have; path: of the attached message shown, if any."""

    capture: Capture
    content: bytes
    shown: Shown
    path: str

    @property
    def subject(self) -> str:
        return words.subject(self.shown)


@dataclass(frozen=True, slots=True)
class View:
    """The context of the template."""

    seen: SeenMessage
    links: Links
    mode: str
    headers: tuple[HeaderLine, ...] = ()
    headers_count: int = 0
    failed: str = ""

    @property
    def shown(self) -> Shown:
        return self.seen.shown

    @property
    def modes(self) -> list[tuple[str, str, bool]]:
        """(words, address, whether it is this one) of each way to look."""
        labels = {"text": gettext("Reading view"), "sent": gettext("As sent"), "headers": gettext("Headers")}
        there = [m for m in MODES if m != "sent" or self.shown.html]
        return [(labels[m], self.address(view="" if m == "text" else m), m == self.mode) for m in there]

    @property
    def frame(self) -> str:
        return _with_query(self.links.frame, inside=self.seen.path)

    @property
    def outer(self) -> str:
        """The message that this one is attached to, where it is one."""
        return _with_query(self.links.view, inside=self.seen.path.rpartition("/")[0]) if self.seen.path else ""

    @property
    def download(self) -> str:
        """The download of the message shown: an attached message is a file of the outer one."""
        return _with_query(self.links.part, path=self.seen.path) if self.seen.path else self.links.raw

    @property
    def why(self) -> str:
        """Why nothing is shown."""
        return f"{words.why(self.shown.failed)} {gettext('The message is kept as it came and can be downloaded.')}"

    @property
    def date(self) -> datetime | None:
        """The date of its header; None for an impossible year."""
        date = self.shown.date
        return from_ms(date) if date is not None and _EARLIEST <= date <= _LATEST else None

    @property
    def reply_to(self) -> tuple[Person, ...]:
        """The address for replies, if it differs from the author's."""
        return () if {p.address for p in self.shown.reply_to} <= {p.address for p in self.shown.from_} else self.shown.reply_to

    @property
    def loud(self) -> list[str]:
        return words.loud(self.shown)

    @property
    def quiet(self) -> list[str]:
        return words.quiet(self.shown)

    def address(self, **query: str) -> str:
        return _with_query(self.links.view, inside=self.seen.path, **query)

    @property
    def earlier(self) -> str:
        return self.address(page=str(self.shown.page - 1)) if self.shown.page > 1 else ""

    @property
    def later(self) -> str:
        return self.address(page=str(self.shown.page + 1)) if self.shown.page < self.shown.pages else ""

    @property
    def files_earlier(self) -> str:
        return self.address(files=str(self.shown.files_page - 1)) if self.shown.files_page > 1 else ""

    @property
    def files_later(self) -> str:
        return self.address(files=str(self.shown.files_page + 1)) if self.shown.files_page < self.shown.files_pages else ""


def message(
    request: HttpRequest,
    permit_for: PermitFor,
    place: Place,
    links: Links,
    *,
    whole: bool,
    page: Callable[[SeenMessage], Page],
    template: str = "viewer/page.html",
    more: Callable[[SeenMessage], Mapping[str, Any]] | None = None,
) -> HttpResponse:
    """The page of a message. page, more: made by the room from the message; `template` extends the shell and includes
    viewer/message.html, which reads `v`."""
    mode = request.GET.get("view", "")
    mode = mode if mode in MODES else "text"
    path = path_of(request, "inside")
    capture, content = opened(permit_for(SHOW, {"id": place.uuid, "view": mode}), place, whole)
    shown = or_404(sandboxed.read(content, page=_number(request, "page"), files_page=_number(request, "files"), path=path))
    seen = SeenMessage(capture, content, shown, path)
    view = _headers(seen, links) if mode == "headers" else View(seen, links, mode if shown.html else "text")
    response = render(request, template, {**(more(seen) if more else {}), "page": page(seen), "v": view})
    response["Cache-Control"] = "private, no-store"
    return response


@csp_override(safe_html.FRAME_CSP)
def frame(request: HttpRequest, permit_for: PermitFor, place: Place, *, whole: bool) -> HttpResponse:
    """The sender's own look. Not being a page of ours it has nothing of the shell; its policy holds wherever it is opened."""
    _, content = opened(permit_for(SHOW, {"id": place.uuid, "view": "frame"}), place, whole)
    try:
        made = sandboxed.frame(content, words.for_frame(), path=path_of(request, "inside"))
    except Unreadable as error:
        made = words.why(error.why).encode()
    empty_text = gettext("It has no look of its own that could be shown. The reading view has its words.").encode()
    response = HttpResponse(made or empty_text, content_type="text/html; charset=utf-8")
    response["X-Frame-Options"] = "SAMEORIGIN"
    response["X-DNS-Prefetch-Control"] = "off"
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "private, no-store"
    return response


@csp_override(downloads.CSP)
def part(request: HttpRequest, permit_for: PermitFor, place: Place, *, whole: bool) -> HttpResponse:
    """Download one file. Raises as file_of."""
    path = path_of(request, "path")
    name, data = file_of(permit_for, place, path, whole)
    return _download(data, downloads.disposition(name, f"{gettext('file')}-{path.replace('/', '-').replace('.', '-')}"))


@csp_override(downloads.CSP)
def raw(request: HttpRequest, permit_for: PermitFor, place: Place, *, whole: bool) -> HttpResponse:
    """The whole message, named after its hash: a subject may be anything."""
    _, content = opened(permit_for(ATTACHMENT, {"id": place.uuid, "part": "whole"}), place, whole)
    return _download(content, f'attachment; filename="{hashlib.sha256(content).hexdigest()[:12]}.eml"')


def file_of(permit_for: PermitFor, place: Place, path: str, whole: bool) -> tuple[str, bytes]:
    """(name, content) of a file. Raises Unshown where it cannot be taken out, Http404 where the path names none."""
    _, content = opened(permit_for(ATTACHMENT, {"id": place.uuid, "part": path}), place, whole)
    try:
        file_part = sandboxed.part(content, path)
    except Unreadable as error:
        error_text = gettext("This file could not be taken out of the message. {why} The whole message can still be downloaded.")
        raise Unshown(error_text.format(why=words.why(error.why))) from None
    if file_part is None:
        raise Http404
    return file_part


def opened(permit: Permit, place: Place, whole: bool) -> tuple[Capture, bytes]:
    """The capture, and the bytes of it that who looks may have."""
    archive = store().archive()
    capture, body = archive.capture(permit, place), archive.body(permit, place)
    return capture, body if whole else delivered_bytes(body, capture)


def _headers(seen: SeenMessage, links: Links) -> View:
    try:
        header_lines = sandboxed.headers(seen.content, path=seen.path)
    except Unreadable as error:
        return View(seen, links, "headers", failed=words.why(error.why))
    lines, count = header_lines or ([], 0)
    return View(seen, links, "headers", tuple(lines), count)


def _download(content: bytes, disposition: str) -> HttpResponse:
    response = HttpResponse(content, headers=downloads.HEADERS)
    response["Content-Disposition"] = disposition
    return response


def _number(request: HttpRequest, name: str) -> int:
    value = request.GET.get(name, "")
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 9 else 1


def path_of(request: HttpRequest, name: str) -> str:
    """A place in a message, as the address has it. Raises Http404 for what is none."""
    value = request.GET.get(name, "")
    if len(value) > 500 or not all(c.isascii() and (c.isdigit() or c in "./") for c in value):
        raise Http404
    return value


def _with_query(address: str, **query: str) -> str:
    query_string = urlencode({name: value for name, value in query.items() if value})
    return f"{address}?{query_string}" if query_string else address
