"""What gateways know of approvals (city/policy/approvals.py), as one file (docs/formats.md, "Approvals"). Knows no Django.

    publish(data, Approvals(…))       durable on return
    Published(data).at(now)           in screening: at most two seconds old

What is not known waits: a file that cannot be read makes the check unavailable, and mail with it follows the fail matrix.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path

import orjson

from civicmail.city.policy.approvals import Approvals, Standing
from civicmail.core.config.log import get_logger
from civicmail.core.disk.files import OS_FILES, Files

LOOK_EVERY = 2_000
"""ms between two looks for another file."""
_FIELDS = tuple(one.name for one in fields(Standing))
_GONE = (0, 0, 0)
log = get_logger()


def path_of(data: Path) -> Path:
    return data / "policy" / "approvals.json"


def encode(approvals: Approvals) -> bytes:
    """The same approvals in the same order are the same bytes."""
    plain = {
        "v": 1,
        "departments": sorted(approvals.departments),
        "standing": [{name: value for name in _FIELDS if (value := getattr(one, name))} for one in approvals.standing],
    }
    return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)


def publish(data: Path, approvals: Approvals, files: Files = OS_FILES) -> None:
    """Durable on return. Raises OSError."""
    path = path_of(data)
    files.make_folder(path.parent)
    files.replace(path, encode(approvals))


def is_published(data: Path, approvals: Approvals) -> bool:
    """Whether gateways read these: asked after each answer, so nothing is decoded for it. Raises OSError."""
    try:
        return path_of(data).read_bytes() == encode(approvals)
    except FileNotFoundError:
        return approvals == Approvals()


def read(data: Path) -> Approvals:
    """What was published; nothing where nothing was. Raises OSError, ValueError for what is no such file."""
    try:
        plain = orjson.loads(path_of(data).read_bytes())
        if plain["v"] != 1:
            raise ValueError("an unknown version")
        return Approvals(frozenset(map(str, plain["departments"])), tuple(Standing(**one) for one in plain["standing"]))
    except FileNotFoundError:
        return Approvals()
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no file of approvals: {error}") from None


@dataclass(slots=True)
class Published:
    """What is in force at this moment, in memory; a look costs a stat."""

    data: Path
    _looked: int = -LOOK_EVERY
    _stamp: tuple[int, ...] | None = None
    _found: Approvals | None = field(default_factory=Approvals)

    def at(self, now: int) -> Approvals | None:
        """None where it cannot be read. now: ms."""
        if abs(now - self._looked) >= LOOK_EVERY:
            self._looked = now
            self._look()
        return self._found

    def _look(self) -> None:
        try:
            there = path_of(self.data).stat()
            stamp = (there.st_ino, there.st_mtime_ns, there.st_size)
        except FileNotFoundError:
            stamp = _GONE
        except OSError:
            self._found = None
            return
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._found = read(self.data)
            except (OSError, ValueError) as error:
                self._found = None
                log.error("the file of approvals cannot be read: files that leave wait", problem=str(error))
