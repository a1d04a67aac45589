"""Parser processes of tests: what each does with a message. Nothing heavy is loaded here, for each process loads it."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from civicmail.mail.importers import parser_pool


def command(work: str) -> tuple[str, ...]:
    """The command of a process that does this; it loads what we have loaded, mutants too."""
    loads = f"import sys; sys.path[:] = {sys.path!r}; from mail.importers import parserworks"
    return (sys.executable, "-c", f"{loads}; parserworks.main({work!r})")


def main(work: str) -> None:
    parser_pool.CPU_SECONDS = 1 if work == "impatient" else parser_pool.CPU_SECONDS
    if work == "deadly":
        import_module(f"{parser_pool.__package__}.parser_worker")
    parser_pool.serve(lambda messages: [said(WORKS[work](content, ask)) for content, ask in messages], int(sys.argv[-1]))


def said(answer: object) -> parser_pool.Reply:
    return answer if isinstance(answer, parser_pool.Reply) else parser_pool.Reply(answer)


def plain(content: bytes, ask: int) -> tuple[int, int, str] | parser_pool.Reply:
    if content == b"die":
        os.kill(os.getpid(), signal.SIGKILL)
    while content == b"turn":
        pass
    answer = (len(content), ask, "parsed")
    return parser_pool.Reply(answer, (b"a file", b"")) if content == b"file" else answer


def repeated(content: bytes, ask: int) -> tuple[str]:
    return (content.decode() * ask,)


def slow(content: bytes, ask: str) -> tuple[str]:
    """ask: a file that is there when it is time to go on."""
    while content == b"slow" and not Path(ask).exists():
        pass
    return ("parsed",)


def cut() -> None:
    """Take the memory away that our parent reads."""
    for fd in range(3, 64):
        with suppress(OSError):
            os.ftruncate(fd, 0)
            return
    raise OSError


def tried(_content: bytes, data: str) -> tuple[str, str]:
    """What a parser process can still do. Each item is a way that an attack would go."""
    at = Path(data)
    ways: dict[str, Callable[[], object]] = {
        "read": lambda: (at / "journal").read_bytes(),
        "list": lambda: os.listdir(at),
        "write": lambda: (at / "more").write_bytes(b"x"),
        "index": lambda: (at / "index" / "more").write_bytes(b"x"),
        "cache": lambda: (at / "extracted" / "more").write_bytes(b"x"),
        "connect": lambda: socket.create_connection(("127.0.0.1", 9), 1),
        "parent": lambda: os.kill(os.getppid(), 0),
        "trace": lambda: Path(f"/proc/{os.getppid()}/environ").read_bytes(),
        "program": lambda: os.posix_spawn("/bin/true", ["true"], {}),
        "memory": lambda: bytearray(parser_pool.MEMORY_BYTES),
        "shared": cut,
    }
    done = []
    for name, way in ways.items():
        try:
            way()
        except (OSError, MemoryError):
            continue
        done.append(name)
    return " ".join(done), "tried"


def deadly(content: bytes, ask: object) -> object:
    """As the program does it, but one message ends it."""
    if b"letter 3" in content:
        os._exit(1)
    return sys.modules[f"{parser_pool.__package__}.parser_worker"].work([(content, ask)])[0]


WORKS = {"plain": plain, "impatient": plain, "repeated": repeated, "slow": slow, "tried": tried, "deadly": deadly}
