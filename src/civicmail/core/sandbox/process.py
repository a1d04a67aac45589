"""A sandboxed process for one thread, for requests that are answered by a stream of items."""

from __future__ import annotations

import signal
import time
from collections.abc import Generator

from civicmail.core.sandbox import frames, service
from civicmail.core.sandbox.child import Child
from civicmail.core.sandbox.errors import CRASHED, TOO_LONG, Unreadable
from civicmail.core.sandbox.pool import end_request
from civicmail.core.sandbox.service import Service, StreamRequest


class Process:
    """A process that starts on first use. descriptors: open files that it inherits. Not thread-safe; keep the thread of the first
    request alive, because its end ends the process."""

    def __init__(self, served: Service, descriptors: tuple[int, ...] = ()) -> None:
        self._child = Child(served.command, each=served.fork_each, descriptors=descriptors)

    @property
    def ended(self) -> int:
        """The number of earlier processes."""
        return self._child.ended

    def stream[Item](
        self, request: StreamRequest[Item], content: bytes = b"", *, seconds: float, item_seconds: float = 0
    ) -> Generator[Item]:
        """The items of the reply. seconds: of the processor; by the clock it has more (Child.allowed), without the time of the
        caller; item_seconds: by the clock for each item instead. Whoever stops early ends the process. Raises Unreadable."""
        is_over, size = False, len(content)
        try:
            line = self._child.line()
            deadline = time.monotonic() + (item_seconds or self._child.allowed(seconds))
            asked = frames.frame(frames.ASK, service.encode_request(request, seconds))
            line.send(frames.CONTENT, content, deadline, before=asked)
            while (received := line.receive(request.max_reply(size), deadline))[0] == frames.ITEM:
                item, paused = service.decode_reply(request, received[1], size), time.monotonic()
                yield item
                deadline = time.monotonic() + (item_seconds or deadline - paused)
            is_over = True
            end_request(self._child, *received)
        except frames.ReadTimeout:
            raise Unreadable(TOO_LONG) from None
        except frames.ClosedPipe:
            is_over = True
            raise Unreadable(TOO_LONG if self._child.kill() == -signal.SIGXCPU else CRASHED) from None
        finally:
            if not is_over or self._child.is_spent:
                self._child.kill()

    def kill(self) -> None:
        """End the process; the next request gets a new one."""
        self._child.kill()
