"""What gateways know of approvals (city/policy/approvals.py), as two files (docs/formats.md, "Approvals"). Knows no Django.

    say(data, answers, whole, now)         what managers said, appended to those of a month
    keep(data, standing, whole, now)       who is asked, and standing approvals: few, so written whole
    watching(data).at(now)                 in screening: what is in force at this moment

Whoever writes is the only one, and reads the tables meanwhile: of two at one moment the second knows what the first did. What is
written is durable on return.

What is not known waits: a file that cannot be read makes the check unavailable, and mail with it follows the fail matrix.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import orjson

from civicmail.city.access.answers import FIRST, Held, Stamp, Tail, answers_path, append, lines, plain, stamp_of, standing_of
from civicmail.city.policy.approvals import Approvals, Standing
from civicmail.core.config.log import get_logger
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.disk.lease import locked

OVER_MOST = 10_000
"""Lines of answers that are over, beyond as many as hold: then the file is written anew."""
Tables = Callable[[], Approvals]
"""What stands in the tables at this moment."""
log = get_logger()


def path_of(data: Path) -> Path:
    return data / "policy" / "approvals.json"


def encode(approvals: Approvals) -> bytes:
    """All but the answers. The same approvals in the same order are the same bytes."""
    said = {"v": 2, "departments": sorted(approvals.departments), "standing": [plain(one) for one in approvals.standing]}
    return orjson.dumps(said, option=orjson.OPT_SORT_KEYS)


def decode(content: bytes) -> tuple[Approvals, bool]:
    """All but the answers, and whether these have a file of their own; an older program wrote all of it into one. Raises
    ValueError."""
    try:
        said = orjson.loads(content)
        if said["v"] not in (1, 2):
            raise ValueError("an unknown version")
        return Approvals(frozenset(map(str, said["departments"])), tuple(map(standing_of, said["standing"]))), said["v"] == 2
    except (KeyError, TypeError) as error:
        raise ValueError(f"no file of approvals: {error}") from None


def say(data: Path, answers: Iterable[Standing], whole: Tables, now: int, files: Files = OS_FILES) -> None:
    """What stands there already is not written twice. Where nothing can be appended, everything is written anew. Raises OSError."""
    with _writing(data, files):
        known = watching(data)
        found = known.at(now)
        if found is None or not known.end:
            _publish(data, whole(), files)
        elif news := [one for one in dict.fromkeys(answers) if one not in found.answers]:
            append(data, known.end, news, files)


def keep(data: Path, standing: Tables, whole: Tables, now: int, files: Files = OS_FILES) -> bool:
    """All but the answers, which nothing is read for; whether they had to be written. Raises OSError."""
    with _writing(data, files):
        known = watching(data)
        found = known.at(now)
        if found is None or not known.end:
            wanted = whole()
            if found is not None and found.is_same(wanted, now):
                return False
            _publish(data, wanted, files)
        else:
            wanted = standing()
            if found == wanted:
                return False
            files.replace(path_of(data), encode(wanted))
    return True


def check(data: Path, whole: Tables, now: int, files: Files = OS_FILES) -> bool:
    """Every answer is compared with the tables, and where something differs, or most are over, all are written anew; whether
    they were. Raises OSError."""
    known = Published(data)
    found = known.at(now)
    wanted = whole()
    if found is not None and found.is_same(wanted, now) and known.count <= 2 * len(wanted.answers.at(now)) + OVER_MOST:
        return False
    with _writing(data, files):
        _publish(data, whole(), files)
    return True


def publish(data: Path, approvals: Approvals, files: Files = OS_FILES) -> None:
    """Everything anew. Durable on return. Raises OSError."""
    with _writing(data, files):
        _publish(data, approvals, files)


def _publish(data: Path, approvals: Approvals, files: Files) -> None:
    """The answers first: a file that says that they have one of their own comes when it is there."""
    said = sorted(approvals.answers.at(0), key=lambda one: (one.until, one.id, one.sha256))
    files.replace(answers_path(data), FIRST + lines(said))
    files.replace(path_of(data), encode(approvals))


@contextmanager
def _writing(data: Path, files: Files) -> Iterator[None]:
    folder = path_of(data).parent
    files.make_folder(folder)
    with locked(folder / ".approvals"):
        yield


def read(data: Path, now: int = 0) -> Approvals:
    """What was published; nothing where nothing was. Raises ValueError where it cannot be read."""
    if (found := Published(data).at(now)) is None:
        raise ValueError("no file of approvals")
    return found


class Published:
    """What is in force at this moment, in memory. A look costs two stats, and reads what is new, so there is one each time that
    somebody asks. Any thread. end, count: as of Tail; end is 0 where nothing can be appended."""

    def __init__(self, data: Path) -> None:
        self._path = path_of(data)
        self._tail = Tail(answers_path(data))
        self._held: Held | None = None
        self._few: Approvals | None = Approvals()
        self._apart = False
        self._found: Approvals | None = None
        self._told = False
        self._looking = threading.Lock()
        self.end = self.count = 0

    def at(self, now: int) -> Approvals | None:
        """None where it cannot be read. now: ms."""
        with self._looking:
            try:
                found, self._told = self._look(now), False
            except (OSError, ValueError) as error:
                found, self.end = None, 0
                if not self._told:
                    log.error("approvals cannot be read: files that leave wait", problem=str(error))
                self._told = True
            return found

    def _look(self, now: int) -> Approvals:
        few = self._look_at_few()
        if not self._apart:
            self.end = self.count = 0
            return few
        answers = self._tail.look(now)
        self.end, self.count = self._tail.end, self._tail.count
        if self._found is None or self._found.answers is not answers:
            self._found = replace(few, answers=answers)
        return self._found

    def _look_at_few(self) -> Approvals:
        try:
            there: Stamp | None = stamp_of(self._path.stat())
        except FileNotFoundError:
            there = None
        if there is None and self._tail.is_there:
            raise ValueError(f"{self._path.name} is gone")
        if there is None:
            self._held, self._few, self._apart = None, Approvals(), False
        elif self._held is None or there != self._held.stamp:
            self._held, self._few, self._found = Held(self._path), None, None
            self._few, self._apart = decode(self._held.read())
        if self._few is None:
            raise ValueError(f"{self._path.name} is damaged")
        return self._few


@lru_cache(maxsize=4)
def watching(data: Path) -> Published:
    """One for all of a process: the answers of a month are some hundred thousand."""
    return Published(data)
