"""A service of sandboxed processes: the typed requests that it answers, and the limits of its processes.

    class CountWords(Request[int], frozen=True):
        handler = "civicmail.core.sandbox.example:count_words"        # (content, request) -> int

    SERVICE = Service(__name__, (CountWords,), memory=1 << 30)
    pool.shared(SERVICE).request(CountWords(), content, seconds=10)

The parent imports this description; only sandboxed processes (worker.py) import the handlers, and with them the parsers.
A request and its reply travel as MessagePack that is derived from their types; the content that is read is a frame of its own.
The process may have been compromised by what it reads: the parent refuses a reply that is too large or not of its type.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from importlib import import_module
from operator import or_
from typing import Annotated, Any, ClassVar, get_args

import msgspec

from civicmail.core.sandbox.errors import CRASHED, Unreadable

WORKER = (sys.executable, "-I", "-m", "civicmail.core.sandbox.worker")
Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 40)]
"""A number of something in a message, or its size in bytes: what the index can store."""
EpochMs = Annotated[int, msgspec.Meta(ge=-62_135_596_800_000, lt=253_402_300_800_000)]
"""UTC time that datetime can hold."""
_encoder = msgspec.msgpack.Encoder()


class Request[Reply](msgspec.Struct, frozen=True, tag=True):
    """A question about a content. handler: "module:function" that answers it in the sandboxed process."""

    handler: ClassVar[str]
    reply_ratio: ClassVar[int] = 64
    """Maximum bytes of a reply for a byte of content: text takes up to six, and compressed text is eight times as long."""
    reply_free: ClassVar[int] = 1 << 20
    """Bytes of a reply for any content."""

    def max_reply(self, size: int) -> int:
        """Bytes of the largest reply about a content of so many bytes that is believed."""
        return self.reply_free + self.reply_ratio * size

    def check(self, reply: Reply, size: int) -> None:
        """Raise ValueError for a reply that an honest process cannot have sent about a content of so many bytes."""


class StreamRequest[Item](Request[Item], frozen=True):
    """A request that is answered by any number of items (process.py). Limits and check are those of each item."""


@dataclass(frozen=True, slots=True, eq=False)
class Service:
    """module: where it is the constant SERVICE; memory: bytes of address space of a process; processes: requests handled at a
    time; fork_each: a process for each request (lifecycle.py), for interactive use.

    warm: requests about SAMPLE that a forking process handles first itself, so that no fork repeats one-time work.
    prepare: "module:function" that a process calls first, with forks: whether it forks for each request.
    program: arguments of the process before the module.
    """

    module: str
    requests: tuple[type[Request[Any]], ...]
    memory: int = 2 << 30
    processes: int = 2
    fork_each: bool = False
    warm: tuple[Request[Any], ...] = ()
    prepare: str = ""
    program: Sequence[str] = WORKER

    @property
    def command(self) -> tuple[str, ...]:
        return (*self.program, self.module)


def function(name: str) -> Callable[..., Any]:
    """The function of "module:function"."""
    module, _, attribute = name.partition(":")
    return getattr(import_module(module), attribute)  # type: ignore[no-any-return]


def encode(value: object) -> bytes:
    """The message of a request or a reply. Half surrogate pairs, which mail may hold and UTF-8 may not, become "?"."""
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:
        return _encoder.encode(_without_surrogates(msgspec.to_builtins(value, builtin_types=(bytes,))))


def encode_request(request: Request[Any], seconds: float) -> bytes:
    return encode((seconds, request))


def request_decoder(requests: tuple[type[Request[Any]], ...]) -> msgspec.msgpack.Decoder[tuple[float, Request[Any]]]:
    """Decodes what encode_request() made."""
    return msgspec.msgpack.Decoder(tuple[float, reduce(or_, requests)])  # type: ignore[misc]


def decode_reply[Reply](request: Request[Reply], reply: bytes, size: int) -> Reply:
    """The reply to a request about so many bytes of content. Raises Unreadable if no honest process sent it."""
    decoder = _decoder(type(request))
    try:
        decoded: Reply = decoder.decode(reply)
        request.check(decoded, size)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        raise Unreadable(CRASHED) from None
    return decoded


@cache
def _decoder(request: type[Request[Any]]) -> msgspec.msgpack.Decoder[Any]:
    (type_,) = get_args(request.__orig_bases__[0])  # type: ignore[attr-defined]
    return msgspec.msgpack.Decoder(type_)


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list | tuple):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    return value
