"""The tables of people's side as a file of SQLite to copy, and beside it the files of the pages as their server collects them.
Making them takes seconds, and they are the same each time: who needs them, and is not about making them, begins with a copy."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from functools import cache
from hashlib import sha256
from pathlib import Path

from civicmail.city.identity.database_backup import DATABASE
from house.sources import PACKAGE, ROOT, modules

MADE = "CIVICMAIL_MADE_DB"
"""In the environment: the file to copy, where somebody named one."""
KEPT = ROOT / ".pytest_cache" / "tables"
_SECONDS = 180
_OLD = 86_400


def tables() -> Path | None:
    """A file with all tables as an installation makes them; None in a mutant that may have changed them."""
    if named := os.environ.get(MADE):
        return Path(named)
    return None if os.environ.get("CIVICMAIL_MUTANT") == "1" else _kept()


def lay(data: Path) -> None:
    """Give a data folder its tables, where it has none, and the files of its pages as their server collects them, which would
    compress all of them with the first start of each folder. Its server looks whether they are those of the program."""
    if not (data / DATABASE).exists() and (made := tables()):
        shutil.copy(made, data / DATABASE)
        if (files := made.with_suffix(".static")).is_dir():
            shutil.copytree(files, data / "static")


@cache
def _kept() -> Path:
    """Made by who comes first, for the rows as the program's files describe them; others wait for it."""
    KEPT.mkdir(parents=True, exist_ok=True)
    path = KEPT / f"{_described()}.sqlite3"
    with (KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            for older in KEPT.glob("*.sqlite3"):
                if older.stat().st_mtime < time.time() - _OLD:
                    older.unlink()
                    shutil.rmtree(older.with_suffix(".static"), ignore_errors=True)
            _make(path)
    return path


def _described() -> str:
    """A checksum of what decides what the tables and the files of pages are: models, migrations, static files, applications, and
    libraries with tables and files of their own."""
    files = [p for p in modules("src") if {"models", "migrations"} & {p.stem, *p.parts}]
    files += sorted(p for p in PACKAGE.glob("**/static/**/*") if p.is_file())
    state = sha256()
    for file in [*files, PACKAGE / "front" / "web" / "settings.py", ROOT / "uv.lock"]:
        state.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes() + b"\0")
    return state.hexdigest()[:24]


def _make(path: Path) -> None:
    """By the program itself, in a process of its own: nobody else's settings."""
    make = "import sys; from pathlib import Path; from neighbours.scratch import installation; "
    make += "from civicmail.front.web.start import prepare; data = Path(sys.argv[1]); installation(data); prepare(data); "
    make += "from civicmail.front.web.files import collect; collect()"
    env = {k: v for k, v in os.environ.items() if k not in ("DJANGO_SETTINGS_MODULE", "CIVICMAIL_CONFIG")}
    with tempfile.TemporaryDirectory(dir=KEPT) as folder:
        data = Path(folder) / "data"
        done = subprocess.run(
            [sys.executable, "-c", make, str(data)],
            env=env | {"PYTHONPATH": str(ROOT / "tests")}, capture_output=True, text=True, timeout=_SECONDS, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        shutil.rmtree(path.with_suffix(".static"), ignore_errors=True)
        (data / "static").replace(path.with_suffix(".static"))
        (data / DATABASE).replace(path)
