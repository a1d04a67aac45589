"""Files of a message that was opened in the pick-up portal ("/pickup/file/…/"): whole, or from where a slow line broke off (P-19).

A download over a slow line takes one of the few threads of the pages for as long as it lasts, so only some are given at a time.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator

from django.conf import settings
from django.core import signing
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.pages.city_request import CityRequest
from civicmail.core.disk.errors import DamagedFile
from civicmail.desk.holding.actions import pickups as verbs
from civicmail.desk.holding.models import PickUp
from civicmail.desk.holding.views.pickup import FILE_SALT, WHOLE, pass_payload, reader_actor
from civicmail.desk.viewer.queries import installation
from civicmail.mail.courier import pickup_store
from civicmail.mail.courier.secure_routes import files_host, is_files_host

FILE_SECONDS = 6 * 3600
"""A file of 60 MB over a slow line takes hours, and what breaks off near its end goes on only by the same link."""
MAX_DOWNLOADS = 2
"""Downloads at a time: half of the threads of the pages (front/web/serve.py)."""
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_slots = threading.BoundedSemaphore(MAX_DOWNLOADS)


class Download:
    """Pieces of a download; its slot is free again when it ends or the reader disconnects."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._open = True

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._pieces)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._open:
            self._open = False
            _slots.release()

    def __del__(self) -> None:
        self.close()


def start_download(pieces: Iterator[bytes]) -> Download | None:
    """None while as many as there may be are under way."""
    return Download(pieces) if _slots.acquire(blocking=False) else None


@never_cache
@require_safe
def file(request: CityRequest, signed: str) -> HttpResponseBase:
    """A file of an opened message, whole or a range of it (RFC 9110 14.2), so that an interrupted download continues."""
    try:
        pk, secret, what = signing.loads(signed, salt=FILE_SALT, max_age=FILE_SECONDS)
    except (signing.BadSignature, ValueError):
        raise Http404 from None
    row = PickUp.objects.filter(pk=pk).first()
    now = epoch_ms(request.now)
    if row is None or pass_payload(row)[1] != secret or row.state != "opened" or row.until.timestamp() * 1000 <= now:
        raise Http404
    if files_host(settings.CITY) and not is_files_host(settings.CITY, request.get_host()):
        raise Http404  # on the host of the pages a file could reach what is theirs
    try:
        index = pickup_store.index(installation(), row.box)
        sealed = (
            pickup_store.message(installation(), row.box)
            if what == WHOLE
            else pickup_store.file(installation(), row.box, int(what))
        )
    except (FileNotFoundError, DamagedFile):
        raise Http404 from None
    name = "message.eml" if what == WHOLE else index["files"][int(what)]["name"] or "file"
    start, stop = _range(request.headers.get("Range", ""), sealed.size)
    if start is None or stop is None:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{sealed.size}"})
    if (pieces := start_download(sealed.pieces(start, stop) if request.method == "GET" else iter(()))) is None:
        return HttpResponse(
            gettext("Many files are being loaded. Try again in a moment."), status=503, headers={"Retry-After": "10"}
        )
    if request.method == "GET":
        verbs.record_download(row, -1 if what == WHOLE else int(what), client=reader_actor(request), now=now)
    partial = (start, stop) != (0, sealed.size)
    response = StreamingHttpResponse(pieces, status=206 if partial else 200, content_type="application/octet-stream")
    response["Content-Length"] = str(stop - start)
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = f'"{row.box}-{what}"'
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    if partial:
        response["Content-Range"] = f"bytes {start}-{stop - 1}/{sealed.size}"
    return response


def _range(header: str, size: int) -> tuple[int | None, int | None]:
    """First byte and the one after the last. Anything but a single range gets the whole file; (None, None): beyond the end."""
    match = _RANGE.fullmatch(header.strip())
    if match is None or match.group() == "bytes=-":
        return 0, size
    if not match[1]:
        start = max(0, size - int(match[2][:18]))
        return (start, size) if start < size else (None, None)
    start = int(match[1][:18])
    stop = min(size, int(match[2][:18]) + 1) if match[2] else size
    return (start, stop) if start < stop else (None, None)
