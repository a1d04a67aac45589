"""The active rule set, as one file that gateways watch.

    publish(data, text)       by the rule book of the oversight office; checked, and durable on return
    Watch(data, clock).book   in gateways and workers: at most 250 ms old

Where nothing was published the starter pack of the program is in force.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path

from civicmail.city.policy import rule_parser
from civicmail.city.policy.errors import UnusableBook
from civicmail.city.policy.rules import RuleSet
from civicmail.core.config.log import get_logger
from civicmail.core.disk.files import OS_FILES, Files

POLL_INTERVAL_MS = 250
STARTER_FOLDER = Path(__file__).parent / "starter"

log = get_logger()


def active_path(data: Path) -> Path:
    return data / "policy" / "active.toml"


@cache
def starter_pack() -> RuleSet:
    """The book that the program brings along."""
    return rule_parser.parse_rule_set(
        [(path.name, path.read_text(encoding="utf-8")) for path in sorted(STARTER_FOLDER.glob("*.toml"))]
    )


def publish(data: Path, text: str, files: Files = OS_FILES) -> RuleSet:
    """Put a book into force; durable on return. Raises UnusableBook, and then nothing changes, and OSError."""
    book = _parse(text)
    path = active_path(data)
    files.make_folder(path.parent)
    files.replace(path, text.encode())
    return book


def read(data: Path) -> str | None:
    """The text that was published, None where none was. Raises UnusableBook where it cannot be read."""
    try:
        return active_path(data).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableBook(f"{active_path(data)} cannot be read: {error}.") from None


def active(data: Path) -> RuleSet:
    """The book in force at this moment. Raises UnusableBook."""
    text = read(data)
    return starter_pack() if text is None else _parse(text)


def active_or_starter(data: Path) -> RuleSet:
    """The rules in force, for whoever explains what they did; the starter pack stands in for a book that cannot be used."""
    try:
        return active(data)
    except UnusableBook:
        return starter_pack()


@lru_cache(maxsize=2)  # a page asks for it with each look, and it is the same text until somebody publishes another
def _parse(text: str) -> RuleSet:
    """Raises UnusableBook also for a text that says nothing: a file that lost its content is no decision to have no rules."""
    book = rule_parser.parse_rule_set([("active.toml", text)])
    if not book.rules and not book.matrix.rows:
        raise UnusableBook("active.toml says nothing.")
    return book


class RuleSetWatcher:
    """The book in force, in memory. clock: ms since 1970. A look costs a stat.

    A book that cannot be used leaves the last one in force; where there was none since the start, the starter pack is, and says
    that it stands in for another, so that mail waits as the fail matrix has it for `policy`.
    """

    def __init__(self, data: Path, clock: Callable[[], int]) -> None:
        self._data = data
        self._clock = clock
        self._stamp: tuple[int, int, int] | None = None
        self._book: RuleSet | None = None
        self._looked = clock()
        self._poll()

    @property
    def rule_set(self) -> RuleSet:
        """The rules at this moment."""
        now = self._clock()
        if self._book is None or not 0 <= now - self._looked < POLL_INTERVAL_MS:
            self._looked = now
            self._poll()
        return self._book or starter_pack()

    def refresh(self) -> None:
        """Take up what was published just before: for whoever acts on it."""
        self._looked = self._clock()
        self._poll()

    def _poll(self) -> None:
        stamp = _file_stamp(active_path(self._data))
        if self._book is not None and stamp == self._stamp:
            return
        gone = stamp == _NO_FILE and self._stamp not in (None, _NO_FILE)
        self._stamp = stamp
        if gone:
            log.error("the book of rules is gone, the last one stays in force")
            return
        try:
            self._book = active(self._data)
        except UnusableBook as error:
            log.error("the book of rules cannot be used, the last one stays in force", error=str(error))
            self._book = self._book or replace(starter_pack(), error=str(error))
            return
        log.info("the book of rules is in force", version=self._book.version, rules=len(self._book.rules))


_NO_FILE = (0, 0, 0)


def _file_stamp(path: Path) -> tuple[int, int, int]:
    try:
        s = path.stat()
    except OSError:
        return _NO_FILE
    return (s.st_mtime_ns, s.st_size, s.st_ino)
