"""Output of commands: data to stdout, messages to stderr, progress only on a terminal."""

from __future__ import annotations

import shlex
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import orjson

from civicmail.core.config.errors import UsageError
from civicmail.front.checkup.wording import when as when

REFRESH_SECONDS = 0.1


def emit(plain: Any) -> None:
    """Print one JSON object on a line."""
    sys.stdout.buffer.write(orjson.dumps(plain) + b"\n")


def emit_bytes(content: bytes) -> None:
    """Exact bytes, nothing added."""
    sys.stdout.buffer.write(content)


def show(line: str) -> None:
    """Print a line; replace characters that the terminal cannot show."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.buffer.write(_safe(line).encode(encoding, "replace") + b"\n")


def words(line: str) -> None:
    """A sentence beside the data."""
    print(_safe(line).encode("utf-8", "replace").decode(), file=sys.stderr)


def program() -> str:
    """How this program was called, for printed commands: a path unless the name alone finds it."""
    called = sys.argv[0]
    if Path(called).name != "civicmail" or shutil.which("civicmail") == str(Path(called).absolute()):
        return "civicmail"
    return shlex.quote(called)


def _safe(text: str) -> str:
    """Without control characters: mail must not steer the terminal that shows it (CWE-150)."""
    return "".join(c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in text)


class Report(Protocol):
    """Called with the amount done and, if known, the total."""

    def __call__(self, done: int, total: int | None = None, doing: str = "") -> None: ...


@contextmanager
def progress(title: str) -> Iterator[Report]:
    """A bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda done, total=None, doing="": None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    # Without a thread of its own: an import forks after this.
    with Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False) as bar:
        task = bar.add_task(title, total=None)
        shown = 0.0

        def report(done: int, total: int | None = None, doing: str = "") -> None:
            nonlocal shown
            if (now := time.monotonic()) - shown >= REFRESH_SECONDS:
                shown = now
                bar.update(task, completed=done, total=total, description=doing or title, refresh=True)

        yield report


def write_new(path: Path, content: bytes) -> None:
    """Write a file that must not be there yet. Raises UsageError."""
    try:
        with path.open("xb") as file:
            file.write(content)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from None
