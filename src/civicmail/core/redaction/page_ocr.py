"""OCR of pages and page images, of several files at once: pages are drawn in sandboxed processes and read on all processors."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from civicmail.core.redaction import inspection
from civicmail.core.redaction.page_images import ENDS
from civicmail.core.redaction.shapes import ReleasedFile
from civicmail.core.sandbox.ocr import Ocr
from civicmail.core.sandbox.process import Process

_PROCESSORS = os.cpu_count() or 1
_PAGES_AHEAD = 2


class PageOcr:
    """Safe for several threads, each of which reads one file at a time. Stop it before these threads end, and close it then."""

    def __init__(self, ocr: Ocr) -> None:
        self._ocr = ocr
        self._readers = ThreadPoolExecutor(_PROCESSORS, thread_name_prefix="ocr")
        self._of_thread = threading.local()
        self._renderers: list[Process] = []
        self._is_stopped = False

    def read(self, file: ReleasedFile) -> Iterator[tuple[str, str]]:
        """The text of each page of a PDF or of an image, whichever way up, or ("", reason), with few pictures held at a time.

        Raises Unreadable. Once it is stopped, it lacks pages, or raises CancelledError.
        """
        request = inspection.RenderImage() if file.media_type in ENDS else inspection.RenderPages()
        pages = self._renderer().stream(request, file.content, seconds=inspection.SECONDS, item_seconds=inspection.PAGE_SECONDS)
        waiting: deque[Future[tuple[str, str]]] = deque()
        for picture in pages:
            if self._is_stopped:
                return
            waiting.append(self._readers.submit(self._ocr.words_any_way_up, picture))
            if len(waiting) >= _PROCESSORS + _PAGES_AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def stop(self) -> None:
        """Read no further page."""
        self._is_stopped = True
        self._readers.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        """End the processes, when no thread reads any more."""
        for renderer in self._renderers:
            renderer.kill()

    def _renderer(self) -> Process:
        """The process of this thread: it ends with the thread that starts it."""
        renderer: Process | None = getattr(self._of_thread, "renderer", None)
        if renderer is None:
            renderer = self._of_thread.renderer = Process(inspection.SERVICE)
            self._renderers.append(renderer)
        return renderer
