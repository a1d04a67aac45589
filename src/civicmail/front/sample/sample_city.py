"""A sample city in its own folder: make it, run it, verify it at the end."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from civicmail.core.config.clock import now_ms
from civicmail.core.config.errors import ConfigError
from civicmail.core.config.load import FILE
from civicmail.core.disk.files import OS_FILES

if TYPE_CHECKING:
    from civicmail.city.snapshot.snapshot import Snapshot
    from civicmail.front.sample.people import Town
    from civicmail.front.sample.staff_context import Staff


@contextlib.contextmanager
def folder(given: Path | None, what: str) -> Iterator[Path]:
    """what: "demo", for its name. The folder that was named, which stays, or a temporary one, which goes."""
    if given is not None:
        place = given.absolute()
        if (place / FILE).exists():
            raise ConfigError(f"{place} is an installation already; the {what} wants a folder of its own.")
        yield place
        return
    place = Path(tempfile.mkdtemp(prefix=f"civicmail-{what}-"))
    try:
        yield place / "data"
    finally:
        shutil.rmtree(place, ignore_errors=True)


def people(data: Path, town: Town) -> Staff:
    """Everybody of the sample city by the verbs that pages use."""
    from civicmail.city.identity.demo import FILE as ROLES
    from civicmail.front.web.start import prepare

    OS_FILES.replace(data / ROLES, b"[]")
    prepare(data)
    from civicmail.front.sample.cast import cast
    from civicmail.front.sample.staff import populate

    city = populate(now_ms(), town)
    OS_FILES.replace(data / ROLES, orjson.dumps([role._asdict() for role in cast(city)]))
    return city


def cases(city: Staff, seed: int) -> None:
    """A year of sums, looks at other people's mail, violations, reviews: what the demo's city has to show."""
    from civicmail.front.sample.conduct import conduct
    from civicmail.front.sample.examinations import looks
    from civicmail.front.sample.past_year import count_year

    count_year(city, now_ms(), seed)
    looks(city, now_ms())
    conduct(city, now_ms())


def desks(data: Path, city: Staff) -> int:
    """Make pending work after the month's mail. Returns the number of messages."""
    from civicmail.front.sample.pending_work import fill
    from civicmail.front.sample.record_requests import ask

    made = fill(data, city, snapshot(data), now_ms())
    ask(data, city, now_ms())
    return made


def snapshot(data: Path) -> Snapshot:
    """The published snapshot."""
    from civicmail.city.snapshot.published_snapshot import snapshot_path
    from civicmail.city.snapshot.snapshot_file import decode

    return decode(snapshot_path(data).read_bytes())


@contextlib.contextmanager
def serving(data: Path) -> Iterator[int]:
    """The real program, all roles, in a session of its own so that Ctrl-C reaches only who watches; the pid of its supervisor."""
    log = (data / "run.log").open("ab")
    command = [sys.executable, "-m", "civicmail.front.cli.main", "run", "--data", str(data)]
    command += ["--parent", str(os.getpid())]  # however the command ends, its servers do
    with log, subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True) as running:  # noqa: S603 - our own program
        try:
            yield running.pid
        finally:
            running.terminate()
            try:
                running.wait(20)
            except subprocess.TimeoutExpired:
                running.kill()


def verified(data: Path) -> dict[str, object]:
    """The result of `civicmail verify --deep`."""
    command = [sys.executable, "-m", "civicmail.front.cli.main", "verify", "--deep", "--data", str(data)]
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - our own program
    lines = done.stdout.splitlines()
    answer: dict[str, object] = orjson.loads(lines[-1]) if lines else {"messages": 0, "problems": [done.stderr.decode().strip()]}
    return answer
