"""A mutant: the program with one rule taken out. Its test must turn red on it, else nobody would notice that the rule is gone.

tests/mutants/NAME.toml has `requirement` (a row of docs/requirements.md), `file` (of src), `old` (stands in it exactly once), `new`
and `test` (as pytest names it). The package is linked into a scratch folder with that one file replaced, and the folder stands
before the installed package in PYTHONPATH of a pytest of its own.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from django_rows import MADE
from house.sources import PACKAGE, ROOT
from mutants.nursery import Nursery

FOLDER = Path(__file__).parent
SECONDS = 60
_OPTIONS = "addopts=-q --strict-markers --import-mode=importlib"
_NOTICED = re.compile(r"(?m)^FAILED .* - (AssertionError|assert |Failed: DID NOT RAISE|civicmail\.)")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One rule taken out. file: below src; old and new: text of it; test: what must notice."""

    name: str
    requirement: str
    file: str
    old: str
    new: str
    test: str

    @classmethod
    def read(cls, path: Path) -> Mutant:
        plain = tomllib.loads(path.read_text())
        return cls(path.name, *(plain[key] for key in ("requirement", "file", "old", "new", "test")))

    def applied(self) -> str:
        """The text of the file without the rule; AssertionError says what to bring up to date."""
        path = ROOT / self.file
        assert path.is_file(), f"{self.name}: {self.file} is gone. Find where {self.requirement} is kept now and name that file."
        text = path.read_text()
        times = text.count(self.old)
        assert times == 1, (
            f"{self.name}: its `old` text stands {times} times in {self.file}, not once. Look up how {self.requirement} of "
            f"docs/requirements.md is written there now, and bring `old` and `new` up to date so that they take that rule out."
        )
        mutated = text.replace(self.old, self.new)
        if path.suffix == ".toml":
            tomllib.loads(mutated)
        else:
            ast.parse(mutated, self.file)
        return mutated


def mutants() -> list[Mutant]:
    return [Mutant.read(path) for path in sorted(FOLDER.glob("*.toml"))]


def overlay(mutant: Mutant, folder: Path) -> Path:
    """A folder for PYTHONPATH with the whole package, linked, and the mutant's file in its place."""
    mutated = mutant.applied()
    shutil.copytree(PACKAGE, folder / PACKAGE.name, copy_function=_link)
    path = folder / Path(mutant.file).relative_to("src")
    path.unlink()
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*"):
        compiled.unlink()
    path.write_text(mutated)
    return folder


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another volume
        shutil.copy2(source, target)


def made_database(folder: Path) -> Path:
    """A database with all tables, as an installation makes it. folder: an empty one."""
    make = "import sys; from pathlib import Path; from neighbours.scratch import installation; "
    make += "from civicmail.front.web.start import prepare; data = Path(sys.argv[1]); installation(data); prepare(data)"
    env = {k: v for k, v in os.environ.items() if k not in ("DJANGO_SETTINGS_MODULE", "CIVICMAIL_CONFIG")} | {
        "PYTHONPATH": str(ROOT / "tests")
    }
    subprocess.run([sys.executable, "-c", make, str(folder / "data")], env=env, capture_output=True, timeout=SECONDS, check=True)
    (found,) = (folder / "data").glob("*.sqlite3")
    return found


def complaint(mutant: Mutant, folder: Path, nursery: Nursery, made: Path | None = None) -> str:
    """Why the mutant does not count as noticed; "" when its test failed as a test fails. folder: an empty one for the overlay;
    made: a database with all tables, for mutants that change none."""
    strange = ("PYTEST_", "COV_", "CIVICMAIL_DATA", "CIVICMAIL_CONFIG")  # the last two of tests that started Django on a folder
    env = {key: value for key, value in os.environ.items() if not key.startswith(strange)}
    env |= {"PYTHONPATH": str(overlay(mutant, folder)), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "1000", "CIVICMAIL_MUTANT": "1"}
    if made and "/models" not in mutant.file and "/migrations/" not in mutant.file:
        env[MADE] = str(made)
    arguments = [mutant.test, "-x", "--tb=short", "-p", "no:randomly", "-p", "no:cacheprovider", "--rootdir", str(ROOT)]
    arguments += ["-o", _OPTIONS, "--color=no", "--timeout=40", f"--basetemp={folder / 'tmp'}"]
    arguments += ["-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning"]  # asserts of libraries that are there
    code, said = nursery.run(arguments, env, folder, seconds=SECONDS)
    if code is None:
        return f"{mutant.test} did not end within {SECONDS} seconds: a mutant should be noticed at once, by a narrow test."
    return judged(mutant, code, said)


def judged(mutant: Mutant, exit_code: int, said: str) -> str:
    """The same from what pytest ended with and said. Noticed means a failed assertion or an error of ours, not a broken program."""
    if exit_code == 0:
        return f"{mutant.test} is green without the rule of {mutant.requirement}: it does not test it."
    last = said.strip().splitlines()[-1] if said.strip() else ""
    if exit_code != 1 or not re.match(r"1 failed", last):
        return f"{mutant.test} did not fail but could not run (exit code {exit_code}):\n{said[-3000:]}"
    if not _NOTICED.search(said.rpartition("short test summary")[2]):
        return f"{mutant.test} failed because the mutant does not work at all, not because the rule is gone:\n{said[-3000:]}"
    return ""
