"""The active rule set, as one file that gateways watch.

    publish(data, text)                     by the oversight office; checked, and durable on return
    RuleSetWatcher(data, clock).rule_set    in gateways and workers: at most 250 ms old

Where nothing was published the starter pack of the program is in force.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path

from civicmail.city.policy import rule_parser
from civicmail.city.policy.errors import UnusableBook
from civicmail.city.policy.rules import RuleSet
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.disk.published import Published

STARTER_FOLDER = Path(__file__).parent / "starter"


def active_path(data: Path) -> Path:
    return ACTIVE.path(data)


@cache
def starter_pack() -> RuleSet:
    """The book that the program brings along."""
    return rule_parser.parse_rule_set(
        [(path.name, path.read_text(encoding="utf-8")) for path in sorted(STARTER_FOLDER.glob("*.toml"))]
    )


@cache
def starter_ids(name: str) -> frozenset[str]:
    """Ids of the starter pack's rules on a subject, such as "spam"."""
    path = STARTER_FOLDER / f"{name}.toml"
    return frozenset(rule.id for rule in rule_parser.parse_rule_set([(path.name, path.read_text(encoding="utf-8"))]).rules)


def publish(data: Path, text: str, files: Files = OS_FILES) -> RuleSet:
    """Put a book into force; durable on return. Raises UnusableBook, and then nothing changes, and OSError."""
    active = ActiveRules(text, _parse(text))
    ACTIVE.write(data, active, files)
    return active.rule_set


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
    """The rules in force, for explanations of their effects; the starter pack replaces an unusable rule set."""
    try:
        return active(data)
    except UnusableBook:
        return starter_pack()


@lru_cache(maxsize=2)  # pages call this at each request, and the text changes only when another is published
def _parse(text: str) -> RuleSet:
    """Parse the text. Raises UnusableBook also for an empty text: a file that lost its content is no decision to have no rules."""
    book = rule_parser.parse_rule_set([("active.toml", text)])
    if not book.rules and not book.matrix.rows:
        raise UnusableBook("active.toml says nothing.")
    return book


@dataclass(frozen=True, slots=True)
class ActiveRules:
    """The published rule set. text: TOML."""

    text: str
    rule_set: RuleSet


def _decode(content: bytes) -> ActiveRules:
    """Raises ValueError, as every table does for what cannot be used."""
    try:
        text = content.decode()
        return ActiveRules(text, _parse(text))
    except UnusableBook as error:
        raise ValueError(str(error)) from error


ACTIVE = Published("policy/active.toml", "the rule set", lambda active: active.text.encode(), _decode)


class RuleSetWatcher:
    """The active rule set, in memory. clock: epoch ms.

    An unusable rule set leaves the last one in force. If there was none since the start, the starter pack is in force, with the
    error, so that mail waits according to the failure policy for `policy`.
    """

    def __init__(self, data: Path, clock: Callable[[], int]) -> None:
        self._file = ACTIVE.watch(data)
        self._clock = clock
        self._file.current(clock())

    @property
    def rule_set(self) -> RuleSet:
        """The rules at this moment."""
        active = self._file.current(self._clock())
        return active.rule_set if active is not None else _starter_pack_with(self._file.error)

    def refresh(self) -> None:
        """Read what was published just before, for a caller that acts on it."""
        self._file.poll()


@lru_cache(maxsize=2)
def _starter_pack_with(error: str) -> RuleSet:
    return replace(starter_pack(), error=error) if error else starter_pack()
