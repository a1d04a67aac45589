"""The log: one event per line on stderr, as text or JSON. It holds ids and never the content of mail. Repeated events are summed.

structlog is slow to import, so it is imported with the first event: a command that has nothing to log pays nothing. Nor is the
form of the settings, which no process needs that only reads messages.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from civicmail.core.config.repeats import Repeats

if TYPE_CHECKING:
    from civicmail.core.config.settings import Log

_CONTENT = frozenset(
    {"subject", "body", "head", "headers", "text", "snippet", "query", "password", "recipient", "sender", "to", "from_", "address"}
)
"""Fields with content of a message or its correspondents: an event has the capture id instead."""
_UNPRINTED = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u2069\\ufeff\\ud800-\\udfff]")
_rated: Repeats | None = None
_LIKE_MORE = re.compile(r'\s\S+=|"')


class _Lazy:
    """Stands for the logger until it is needed."""

    def __getattr__(self, name: str) -> Any:
        import structlog

        if not structlog.is_configured():  # structlog's own default would print on stdout
            from civicmail.core.config.settings import Log

            set_up(Log(level="warning"), "civicmail")
        return getattr(structlog.get_logger(), name)


class _Stderr:
    """Write to the present stderr. A full disk, or a pipe without a reader, must not stop the process: it may be acknowledging mail
    (promise 6)."""

    def msg(self, line: str) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()

    log = debug = info = warn = warning = fatal = failure = err = error = critical = exception = msg


def get_logger() -> Any:
    """The logger of a module: info(event, **ids), warning, error, exception. security=True: a security event, which is logged each
    time, however often it repeats."""
    return _Lazy()


def set_up(log: Log, role: str) -> None:
    """Configure logging of this process; role is part of every line. Without this call warnings and errors are written to
    stderr."""
    import structlog

    render: Any = structlog.processors.JSONRenderer() if log.format == "json" else _line
    root = logging.getLogger()
    if not any(isinstance(h, _LibraryHandler) for h in root.handlers):
        root.addHandler(_LibraryHandler(logging.WARNING))
    _begin_sums()

    def first(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        if _rated is not None and _rated.is_repeat(event):
            raise structlog.DropEvent
        return event

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            lambda _logger, _method, event: {"role": role, **event},
            structlog.processors.add_log_level,
            first,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            ids_only,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, log.level.upper())),
        logger_factory=lambda *_: _Stderr(),
        cache_logger_on_first_use=False,
    )


def _begin_sums() -> None:
    """Make new sums for each set_up, because earlier lines have another form. Sums of the old one are logged first."""
    global _rated
    if _rated is not None:
        _rated.close()
    _rated = Repeats(lambda level, fields: getattr(get_logger(), level)(**fields))


def forget() -> None:
    """Take the next event of each kind for its first."""
    if _rated is not None:
        _rated.forget()


def ids_only(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
    """Replace values that could be content by a dash; bytes are shown as hexadecimal, they are ids and hashes."""
    return {k: "-" if k in _CONTENT else v.hex() if isinstance(v, bytes) else v for k, v in event.items()}


def _line(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    time, level, role, words = (event.pop(k, "") for k in ("timestamp", "level", "role", "event"))
    trace = "".join(f"\n| {_plain(line)}" for line in str(event.pop("exception", "")).splitlines())
    rest = " ".join(f"{k}={_value(v)}" for k, v in event.items())
    return f"{time} {level:<7} {role}: {_plain(str(words))}{' ' if rest else ''}{rest}{trace}"


def _value(value: object) -> str:
    """A value in a line, in quotes if it could look like several."""
    text = _plain(str(value))
    return json.dumps(text, ensure_ascii=False) if _LIKE_MORE.search(text) else text


def _plain(text: str) -> str:
    """A text without line ends, cursor controls and changes of direction, so that it cannot forge a log line."""
    return _UNPRINTED.sub(lambda m: m[0].encode("unicode_escape").decode(), text)


class _LibraryHandler(logging.Handler):
    """Log messages of libraries: library, place, level. Their text may repeat any input (I4)."""

    def emit(self, record: logging.LogRecord) -> None:
        say = getattr(get_logger(), "error" if record.levelno >= logging.ERROR else "warning")
        fault = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else "-"
        say("a library says something", library=record.name, place=f"{record.module}:{record.lineno}", error=fault)
