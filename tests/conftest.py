"""What every test can count on: only this machine's network, a clock that can stand still, a scratch data folder, and one list at
the end of what was not tested for want of what.

    @pytest.mark.neighbour("postfix", "root")    needs these programs, or what _ELSE names ("root": needs to be root)
    @pytest.mark.corpora                         needs CIVICMAIL_CORPORA

With CIVICMAIL_NOTHING_MISSING=1 (.ci/run) such a test fails where it would be skipped.
"""

from __future__ import annotations

import gc
import os
import shutil
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import hypothesis
import pytest
import time_machine

if (Path(__file__).parent / "django_rows.py").exists():  # test_conftest.py tries this file in a house without Django
    pytest_plugins = ["django_rows"]

NOTHING_MISSING = os.environ.get("CIVICMAIL_NOTHING_MISSING") == "1"
os.environ.setdefault("CIVICMAIL__WEB__SERVE", "false")  # most stories are about mail; those about pages say otherwise
os.environ.setdefault("CIVICMAIL__SCREENING__CHECKS", "[]")  # tests about what is in mail name their checks
os.environ["PATH"] = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])  # servers live where only root looks
COLLECT = 50_000
"""New objects between two collections: a page makes tens of thousands, and leaves hardly anything behind that only those find."""
_NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)  # a Monday

_untested: dict[str, int] = defaultdict(int)

hypothesis.settings.register_profile(
    "civicmail",
    deadline=None,
    max_examples=60,
    print_blob=True,
    database=None,
    report_multiple_bugs=False,  # one failure, told as itself and not as a group that hides its kind
    # A rule that is gone is noticed in each run or in none, a checkout is green for whoever builds it or for nobody; what chance
    # finds is found at the desk (docs/decisions/0032), where it becomes an @example.
    derandomize=os.environ.get("CIVICMAIL_MUTANT") == "1" or NOTHING_MISSING,
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.function_scoped_fixture],
)
hypothesis.settings.load_profile("civicmail")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Set the socket guard before its plugin reads its options. Who starts the tests in the background has SIGINT ignored, and
    every program that they start would go on ignoring it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    gc.set_threshold(COLLECT)
    config.option.allow_hosts = "127.0.0.0/8,::1,localhost"
    config.option.allow_unix_socket = True


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests with a browser come last, in random order among themselves: Playwright keeps an event loop running in this thread from
    the first of them to the end, and asyncio.run() of other tests would not begin."""
    items.sort(key=lambda item: "playwright" in getattr(item, "fixturenames", ()))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Thousands of tests stay to the end: who looks for what can go need not look at them again and again."""
    if len(session.items) > 100:
        gc.collect()
        gc.freeze()


def pytest_runtest_setup(item: pytest.Item) -> None:
    missing = sorted({program for mark in item.iter_markers("neighbour") for program in mark.args if not _is_there(program)})
    if item.get_closest_marker("corpora") and not _corpora():
        missing.append("CIVICMAIL_CORPORA (a folder of real mail)")
    if not missing:
        return
    reason = "not here: " + ", ".join(missing)
    if NOTHING_MISSING:
        pytest.fail(f"{reason}; CIVICMAIL_NOTHING_MISSING=1 allows no gap", pytrace=False)
    for thing in missing:
        _untested[thing] += 1
    pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not _untested:
        return
    terminalreporter.section("not tested for want of", sep="-")
    for thing, tests in sorted(_untested.items()):
        terminalreporter.line(f"{thing}: {tests} test{'s' if tests != 1 else ''}")
    terminalreporter.line(
        "`make neighbours` installs the programs on Debian and Ubuntu, `make neighbours CITY=1` also those of `make city`."
    )


def _is_there(thing: str) -> bool:
    return _ELSE[thing]() if thing in _ELSE else shutil.which(thing) is not None


@cache
def _has_dovecot() -> bool:
    """One that reads the configuration of 2.4."""
    if (path := shutil.which("dovecot")) is None:
        return False
    version = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    return not version.startswith(("2.2", "2.3"))


@cache
def _has_namespaces() -> bool:
    from neighbours import machine

    return machine.is_possible()


def _has_postgresql() -> bool:
    from neighbours import postgresql

    return postgresql.programs() is not None


_ELSE: dict[str, Callable[[], bool]] = {
    "root": lambda: os.geteuid() == 0,
    "dovecot": _has_dovecot,
    "namespaces": _has_namespaces,
    "PostgreSQL 17": _has_postgresql,
}
"""What a program on the path does not answer. "namespaces": a machine beside this one, which a container without CAP_SYS_ADMIN, or
a kernel without overlayfs or cgroup2, does not give."""


def _corpora() -> Path | None:
    place = Path(os.environ.get("CIVICMAIL_CORPORA", ""))
    return place if place.is_absolute() and place.is_dir() else None


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder of real mail; only for tests marked `corpora`."""
    place = _corpora()
    assert place, "mark the test with @pytest.mark.corpora"
    return place


@pytest.fixture(autouse=True)
def _nothing_logged_before() -> None:
    """An event that another test had logged is new again: else it would only be summed."""
    if (log := sys.modules.get("civicmail.core.config.log")) is not None:
        log.forget()


@pytest.fixture
def frozen() -> Iterator[time_machine.Traveller]:
    """The wall clock stands still on Monday 2026-03-02, 12:00 UTC; move it with frozen.shift(seconds) and frozen.move_to(when)."""
    with time_machine.travel(_NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """An initialized data folder of a scratch installation of city.example, as `civicmail init` leaves it; nothing runs."""
    from neighbours.scratch import installation

    return installation(tmp_path / "data")
