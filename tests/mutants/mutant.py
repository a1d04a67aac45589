"""A mutant: the program with one rule taken out. Its test must turn red on it, else nobody would notice that the rule is gone.

tests/mutants/NAME.toml has `test` (as pytest names it, with the mark of the rule), `function` and one operator:

    test = "tests/mail/archive/test_reading.py::test_an_envelope_is_shown_to_administrators"
    function = "civicmail.mail.archive.reading:Archive.envelope"
    without = "require"

operators.py says what operators there are. They name functions, fields and constants, so that a mutant stands when locals are
renamed or code is laid out in another way.

The package is linked into a scratch folder with that one file replaced, and the folder stands before the installed package in
PYTHONPATH of a pytest of its own.

Most of a second would go into imports. So the pytest is a fork of a process that has imported everything. If the mutant changes
only bodies of functions, these are exchanged there (bodies.py, docs/decisions/0120); else its module is imported again, and what
needs it (closure.py, 0066). A mutant that is not noticed there is run once more with nothing of ours imported before, and that
result counts.
"""

from __future__ import annotations

import ast
import os
import re
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from house.sources import PACKAGE, ROOT
from mutants import closure
from mutants.bodies import changed_functions
from mutants.nursery import Ahead, Nursery, Question
from mutants.operators import OPERATORS, mutate
from neighbours.tables import MADE

FOLDER = Path(__file__).parent
SECONDS = 180
"""Far more than any of them needs alone: a machine that is busy is no reason to doubt a rule."""
_OPTIONS = "addopts=-q --strict-markers --import-mode=importlib"
_NOTICED = re.compile(r"(?m)^FAILED .* - (AssertionError|assert |Failed: DID NOT RAISE|civicmail\.)")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One rule taken out. function: module:name, or a module for all of it; said: what the operator is about."""

    name: str
    test: str
    function: str
    operator: str
    said: Any

    @classmethod
    def read(cls, path: Path) -> Mutant:
        plain = tomllib.loads(path.read_text())
        used = [operator for operator in OPERATORS if operator in plain]
        rest = plain.keys() - {"test", "function", *used}
        assert len(used) == 1 and not rest, f"{path.name} has `test`, `function` and one of {', '.join(OPERATORS)}."
        return cls(path.stem, plain["test"], plain["function"], used[0], plain[used[0]])

    @property
    def module(self) -> str:
        return self.function.partition(":")[0]

    @property
    def file(self) -> Path:
        """Below src."""
        path = Path(*self.module.split("."))
        return path / "__init__.py" if (ROOT / "src" / path).is_dir() else path.with_suffix(".py")

    def applied(self) -> str:
        """The text of its module without the rule; AssertionError says what to bring up to date."""
        assert (ROOT / "src" / self.file).is_file(), (
            f"{self.name}: {self.module} is gone. Find where {self.test} finds the rule now."
        )
        parsed = ast.parse((ROOT / "src" / self.file).read_text())
        try:
            mutate(parsed, self.function.partition(":")[2], self.operator, self.said)
        except AssertionError as error:
            raise AssertionError(
                f"{self.name}: in {self.function} {error}. Look up how the rule of {self.test} is written there now, and bring "
                f"`function` or `{self.operator}` up to date so that they take that rule out."
            ) from None
        return ast.unparse(parsed)

    def bodies(self, text: str) -> list[str] | None:
        """The functions whose bodies alone differ in this text of its module; None if anything else does."""
        return changed_functions(ast.unparse(ast.parse((PACKAGE.parent / self.file).read_text())), text)


def mutants() -> list[Mutant]:
    return [Mutant.read(path) for path in sorted(FOLDER.glob("*.toml"))]


def overlay(file: Path, text: str, folder: Path) -> Path:
    """A folder for PYTHONPATH with the whole package, linked, and this text in the place of one file of it. file: below src."""
    own = {around for around in file.parents if around.parts}
    for place in sorted(own):
        (folder / place).mkdir(parents=True)
        for path in (PACKAGE.parent / place).iterdir():
            if (below := path.relative_to(PACKAGE.parent)) not in own and below != file:
                (folder / below).symlink_to(path)
    (folder / file).write_text(text)
    return folder


class Nurseries:
    """Two of them, made when somebody asks: in one Django is set up and all of ours imported, in the other what needs no Django.
    Safe for one thread at a time."""

    def __init__(self) -> None:
        strange = ("PYTEST_", "COV_", "CIVICMAIL_DATA", "CIVICMAIL_CONFIG")  # the last two of tests that started Django on a folder
        self.env = {key: value for key, value in os.environ.items() if not key.startswith(strange)}
        self._made: list[Nursery] = []

    @cached_property
    def ready(self) -> Nursery:
        return self._nursery(Ahead(sorted(closure.ours()), django=True))

    @cached_property
    def plain(self) -> Nursery:
        return self._nursery(Ahead(sorted(closure.without_django())))

    def _nursery(self, ahead: Ahead) -> Nursery:
        self._made.append(Nursery(ahead, self.env))
        return self._made[-1]

    def close(self) -> None:
        for nursery in self._made:
            nursery.close()


def complaint(mutant: Mutant, folder: Path, nurseries: Nurseries, made: Path | None = None) -> str:
    """Why the mutant does not count as noticed; "" when its test failed as a test fails. folder: an empty one for what it needs;
    made: a database with all tables, for mutants that change no migration."""
    linked = overlay(mutant.file, mutant.applied(), folder / "linked")
    if not quick(mutant, linked, nurseries, made):
        return ""
    return _verdict(mutant, linked, nurseries.plain, made)


def quick(mutant: Mutant, linked: Path, nurseries: Nurseries, made: Path | None = None) -> str:
    """The same where everything is imported already: with the bodies exchanged of the functions that the mutant changes, else with
    only that imported anew which leans on its module. "" is to be believed, a complaint is not."""
    if names := mutant.bodies((linked / mutant.file).read_text()):
        return _verdict(mutant, linked, nurseries.ready, made, bodies={mutant.module: (str(linked / mutant.file), names)})
    if mutant.file.name == "__init__.py" or "migrations" in mutant.file.parts:
        return "What reads it is not known."
    forget = closure.above([mutant.module])
    nursery = nurseries.plain if forget & closure.held_by_django() else nurseries.ready
    anew = {"forget": sorted(forget), "files": {mutant.module: str(linked / mutant.file)}}
    return _verdict(mutant, linked, nursery, made, **anew)


def _verdict(mutant: Mutant, linked: Path, nursery: Nursery, made: Path | None, **anew: Any) -> str:
    env = nursery.env | {"PYTHONPATH": str(linked), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "1000", "CIVICMAIL_MUTANT": "1"}
    if made and "migrations" not in mutant.file.parts:  # which alone decide what the tables are
        env[MADE] = str(made)
    arguments = [mutant.test, "-x", "--tb=native", "-p", "no:randomly", "-p", "no:cacheprovider", "--rootdir", str(ROOT)]
    arguments += ["-o", _OPTIONS, "--color=no", "--timeout=150", f"--basetemp={linked.parent / 'tmp'}"]
    arguments += ["-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning"]  # asserts of libraries that are there
    code, said = nursery.run(Question(arguments, env, **anew), linked.parent, seconds=SECONDS)
    if code is None:
        return f"{mutant.test} did not end within {SECONDS} seconds: a mutant should be noticed at once, by a narrow test."
    return judged(mutant, code, said)


def judged(mutant: Mutant, exit_code: int, said: str) -> str:
    """The same from what pytest ended with and said. Noticed means a failed assertion or an error of ours, not a broken program."""
    if exit_code == 0:
        return f"{mutant.test} is green without its rule: it does not test it."
    last = said.strip().splitlines()[-1] if said.strip() else ""
    if exit_code != 1 or not last.startswith("1 failed") or " error" in last:
        return f"{mutant.test} did not fail but could not run (exit code {exit_code}):\n{said[-3000:]}"
    summary = said.rpartition("short test summary")[2]
    if not _NOTICED.search(summary):
        return f"{mutant.test} failed because the mutant does not work at all, not because the rule is gone:\n{said[-3000:]}"
    return ""
