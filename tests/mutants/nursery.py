"""A process that has imported what tests need of others, and forks for each mutant. Nothing of ours is in it, so that the child
imports the mutated package.

    with Nursery() as nursery:
        code, said = nursery.run(["tests/x.py::test_y", "-x"], {"PYTHONPATH": …}, seconds=60)

One question at a time: a line of JSON in, a line of JSON out.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any

THIRD = (
    "_pytest.assertion.rewrite",
    "asyncio",
    "babel",
    "cryptography.hazmat.primitives.asymmetric.rsa",
    "cryptography.x509",
    "dateutil.parser",
    "django.contrib.staticfiles.handlers",
    "django.core.management",
    "django.core.management.commands.migrate",
    "django.db.backends.sqlite3.base",
    "django.db.migrations.executor",
    "django.forms",
    "django.template.loader",
    "django.test",
    "django.views.generic",
    "dns.asyncresolver",
    "hypothesis.stateful",
    "hypothesis.strategies",
    "jinja2",
    "jwt",
    "lxml.etree",
    "nh3",
    "numpy.random",
    "olefile",
    "orjson",
    "playwright.sync_api",
    "psycopg",
    "py7zr",
    "pypdfium2",
    "pytest",
    "rich.console",
    "selectolax.lexbor",
    "structlog",
    "time_machine",
    "tantivy",
    "typer",
    "unittest.mock",
    "uvloop",
    "whitenoise.base",
    "zstandard",
)
"""Imported ahead, where it is there; what is missing is only slower. No models: they want settings."""


class Nursery:
    """Safe for one thread at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, arguments: list[str], env: dict[str, str], folder: Path, *, seconds: float) -> tuple[int | None, str]:
        """Exit code of pytest with these arguments in the environment `env` and what it said; None where it did not end in time.
        folder: where its output may lie."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = {"arguments": arguments, "env": env, "out": str(folder / "said"), "cwd": str(Path.cwd()), "seconds": seconds}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        code = json.loads(self._process.stdout.readline())
        return code, (folder / "said").read_text(errors="replace")

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def __enter__(self) -> Nursery:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _main() -> None:
    sys.path.pop(0)  # this folder: a test's imports must not find it
    for name in THIRD:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    assert not any(name.partition(".")[0] == "civicmail" for name in sys.modules)
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if not child:
            _become(asked)
        print(json.dumps(_ended(child, asked["seconds"])), flush=True)


def _become(asked: dict[str, Any]) -> None:
    """The child: a pytest of its own, which never comes back."""
    os.setsid()
    out = os.open(asked["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for fd, target in ((nothing, 0), (out, 1), (out, 2)):
        os.dup2(fd, target)
    sys.stdin = os.fdopen(0)
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["cwd"])
    sys.path[:0] = [asked["cwd"], *asked["env"]["PYTHONPATH"].split(os.pathsep)]
    sys.dont_write_bytecode = True
    sys.argv = ["pytest", *asked["arguments"]]
    import pytest

    code = 70
    try:
        code = int(pytest.main(asked["arguments"]))
    except BaseException:  # the fork must not go on as its parent
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _ended(child: int, seconds: float) -> int | None:
    """The exit code of a child, which is ended with all that it started; None where that took too long."""
    handle = os.pidfd_open(child)
    try:
        ready, _, _ = select.select([handle], [], [], seconds)
    finally:
        os.close(handle)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    if not ready:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) if ready else None


if __name__ == "__main__":
    _main()
