"""Granian's server, made to stop at once on a signal."""

from __future__ import annotations

import queue
import threading
from typing import Any

from granian.server import Server

from civicmail.front.web.serve import shows_pages

GRACE = 0.3
"""Seconds that a worker has to stop before it shows pages."""
POLL_SECONDS = 0.2
"""Seconds between two looks at signals."""


class SignalEvent(threading.Event):
    """An event whose endless wait still handles signals; otherwise two signals within milliseconds could be lost."""

    def wait(self, timeout: float | None = None) -> bool:
        while timeout is None and not super().wait(POLL_SECONDS):
            pass
        return super().wait(timeout)


class PageServer(Server):  # type: ignore[misc, valid-type] # granian says nothing of its types
    """Do not wait for a worker that is not ready; a signal during its start would be lost."""

    def __init__(self, *words: Any, **more: Any) -> None:
        super().__init__(*words, **more)
        self.main_loop_interrupt = SignalEvent()
        self._heard: queue.SimpleQueue[None] = queue.SimpleQueue()
        threading.Thread(target=self._pass_on, daemon=True).start()

    def signal_handler_interrupt(self, *_: object) -> None:
        """A handler interrupts whatever runs, also a wait() or a set() of the very event, which hold its lock: another thread sets
        it."""
        self.interrupt_signal = True
        self._heard.put(None)

    def _pass_on(self) -> None:
        self._heard.get()
        self.main_loop_interrupt.set()

    def _stop_workers(self) -> None:
        for worker in self.wrks:
            worker.terminate()
            if not shows_pages[0]:
                worker.join(GRACE)
                worker.kill()
        super()._stop_workers()
