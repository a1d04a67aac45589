"""The finder process: `python -m civicmail.mail.search.finder LINE DATA`. It runs typed queries, one at a time.

A query under way cannot be stopped from outside of the engine, but its process can: when the time is over it answers with what the
indexes gave that were done, and ends with those that were not. The kernel ends it a little later, whatever it does then.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from civicmail.core.config.errors import CivicmailError
from civicmail.mail.search import parallel
from civicmail.mail.search.counts import count
from civicmail.mail.search.listing import list_all
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.search import search

VERBS: dict[str, Callable[..., Any]] = {"search": search, "count": count, "listed": list_all}
GRACE = 2.0
"""Seconds after its time in which a finder ends by itself."""
MEMORY = 2 << 30
"""Bytes that it may write to; the files of an index are not among them."""
NICER = 5
"""Behind the pages, who wait for others, too."""


def main() -> None:
    line, data = Connection(int(sys.argv[1])), Path(sys.argv[2])
    os.nice(NICER)
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    reader: Reader | None = None
    with suppress(EOFError, OSError):  # the caller has ended
        while True:
            verb, tree, options, seconds = line.recv()
            signal.setitimer(signal.ITIMER_REAL, seconds + GRACE)
            try:
                if reader is None:
                    reader = Reader(data)
                else:
                    reader.refresh()
                with parallel.within(seconds) as time:
                    answer = VERBS[verb](reader, tree, **options)
            except CivicmailError as error:
                line.send((error, 0))
            else:
                line.send((answer, time.left))
                if time.left:
                    os._exit(0)  # what is under way in other threads ends with it
            signal.setitimer(signal.ITIMER_REAL, 0)


if __name__ == "__main__":
    main()
