"""A process that has imported what tests need, and forks for each mutant. The child exchanges the bodies of the mutated functions
(bodies.py), or imports the mutated module again with all that took names of it (closure.py).

    nursery = Nursery(Ahead(["civicmail.core.wire.line"]), os.environ)
    code, said = nursery.run(Question(["tests/x.py::test_y", "-x"], {"PYTHONPATH": …}), folder, seconds=60)

One question at a time: a line of JSON in, a line of JSON out.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.abc
import importlib.util
import json
import os
import select
import signal
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FunctionType
from typing import Any

from mutants.bodies import functions_of

THIRD = (
    "_hypothesis_pytestplugin",
    "_pytest.assertion.rewrite",
    "anyio._backends._asyncio",
    "anyio.pytest_plugin",
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
    "fido2.server",
    "hypothesis.stateful",
    "hypothesis.strategies",
    "jinja2",
    "jwt",
    "lxml.etree",
    "nh3",
    "numpy.random",
    "olefile",
    "onelogin.saml2.auth",
    "orjson",
    "playwright.sync_api",
    "psycopg",
    "py7zr",
    "pypdfium2",
    "pytest",
    "pytest_base_url.plugin",
    "pytest_django.plugin",
    "pytest_playwright.pytest_playwright",
    "pytest_socket",
    "pytest_timeout",
    "qrcode",
    "rich.console",
    "scim2_server.handler",
    "selectolax.lexbor",
    "slugify",
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


@dataclass(frozen=True, slots=True)
class Ahead:
    """What of ours is imported before anybody asks. django: it is set up first, as the tests set it up."""

    modules: Sequence[str] = ()
    django: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """arguments of pytest; env: its environment, with the folder of the mutated package in PYTHONPATH; forget: modules of ours that
    are imported anew, None for all; files: from where some of them; bodies: functions whose bodies are exchanged instead, by module
    the file and their names."""

    arguments: Sequence[str]
    env: Mapping[str, str]
    forget: Sequence[str] | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    bodies: Mapping[str, tuple[str, Sequence[str]]] = field(default_factory=dict)


class Nursery:
    """Safe for one thread at a time. env: of the process in which everything is imported."""

    def __init__(self, ahead: Ahead, env: Mapping[str, str]) -> None:
        self.env = dict(env)
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=self.env | {"PYTHONPATH": str(Path(__file__).parents[1])},
        )
        self._ask(asdict(ahead))

    def _ask(self, what: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()

    def run(self, question: Question, folder: Path, *, seconds: float) -> tuple[int | None, str]:
        """Exit code of pytest and what it said; None where it did not end in time. folder: where its output may lie."""
        assert self._process.stdout is not None
        self._ask(asdict(question) | {"out": str(folder / "said"), "cwd": str(Path.cwd()), "seconds": seconds})
        code = json.loads(self._process.stdout.readline())
        return code, (folder / "said").read_text(errors="replace")

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()


class _Files(importlib.abc.MetaPathFinder):
    """Finds the mutated modules, whose packages stay as they are."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        return importlib.util.spec_from_file_location(name, self._files[name]) if name in self._files else None


def _main() -> None:
    sys.path.pop(0)  # the working folder
    _import_ahead(json.loads(sys.stdin.readline()))
    gc.collect()
    functions = _functions()
    gc.freeze()  # what is there now stays: no child goes through it again
    gc.set_threshold(50_000)  # as tests/conftest.py has it, already for what a child imports
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if not child:
            _become(asked, functions)
        print(json.dumps(_ended(child, asked["seconds"])), flush=True)
    os._exit(0)  # libraries would say what they leave behind


def _import_ahead(ahead: dict[str, Any]) -> None:
    plugins = importlib.import_module("_pytest.config").default_plugins
    for name in (*THIRD, *(f"_pytest.{plugin}" for plugin in plugins)):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    if ahead["django"]:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "civicmail.front.web.settings")
        importlib.import_module("django").setup()
    for name in ahead["modules"]:
        with contextlib.suppress(Exception):
            importlib.import_module(name)


def _forget(names: Sequence[str] | None) -> None:
    """As if they had never been imported."""
    known = [n for n in sys.modules if n.partition(".")[0] == "civicmail"]
    for name in known if names is None else names:
        if sys.modules.pop(name, None) is not None:
            above, _, own = name.rpartition(".")
            if above in sys.modules:
                vars(sys.modules[above]).pop(own, None)
    if "django.urls" in sys.modules:
        sys.modules["django.urls"].clear_url_caches()


def _functions() -> dict[tuple[str, str], list[FunctionType]]:
    """Functions of ours that are imported, by module and qualified name."""
    found: dict[tuple[str, str], list[FunctionType]] = {}
    for thing in gc.get_objects():
        if type(thing) is FunctionType and str(thing.__module__).startswith("civicmail."):  # asking a lazy object sets it up
            found.setdefault((thing.__module__, thing.__code__.co_qualname), []).append(thing)
    return found


def _exchange(bodies: Mapping[str, tuple[str, Sequence[str]]], functions: Mapping[tuple[str, str], Sequence[FunctionType]]) -> None:
    """Give functions their new bodies. Raises LookupError where one is not there once."""
    for module, (file, names) in bodies.items():
        codes = functions_of(Path(file).read_text())
        for name in names:
            [function] = functions.get((module, name), ()) or [None]
            if function is None:
                raise LookupError(f"{module}:{name} was not imported ahead")
            function.__code__ = codes[name]


def _become(asked: dict[str, Any], functions: Mapping[tuple[str, str], Sequence[FunctionType]]) -> None:
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
        if asked["bodies"]:
            _exchange(asked["bodies"], functions)
        else:
            _forget(asked["forget"])
            sys.meta_path.insert(0, _Files(asked["files"]))
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
