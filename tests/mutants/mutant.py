"""A mutant: the program with one rule taken out. Its test must turn red on it, else nobody would notice that the rule is gone.

tests/mutants/NAME.toml has `file` (of src), `old` (stands in it exactly once), `new` and `test` (as pytest names
it, with the mark of the rule). The package is linked into a scratch folder with that one file replaced, and the folder stands
before the installed package in PYTHONPATH of a pytest of its own.

Where one test has a case for each of many rules, a mutant may have `[[each]]` with `case` (as the parameter is called), `file`,
`old` and `new`. All of them are taken out at once, and each case must turn red: one run instead of forty.

Most of a second would go into imports. So the pytest is a fork of a process that has imported everything, and imports anew only
what the mutant changes and what leans on that (closure.py, docs/decisions/0066). Where it does not notice there, it is asked once
more with nothing of ours imported before, and that is the answer.
"""

from __future__ import annotations

import ast
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from house.sources import PACKAGE, ROOT
from mutants import closure
from mutants.nursery import Ahead, Nursery, Question
from neighbours.tables import MADE

FOLDER = Path(__file__).parent
SECONDS = 180
"""Far more than any of them needs alone: a machine that is busy is no reason to doubt a rule."""
_OPTIONS = "addopts=-q --strict-markers --import-mode=importlib"
_CASES = re.compile(r"(?m)^FAILED \S+\[(\S+)\] - ")
_NOTICED = re.compile(r"(?m)^FAILED .* - (AssertionError|assert |Failed: DID NOT RAISE|civicmail\.)")


@dataclass(frozen=True, slots=True)
class Change:
    """file: below src; old and new: text of it; case: the parameter of the test that must notice, "" where the test has none."""

    file: str
    old: str
    new: str
    case: str = ""

    @classmethod
    def of(cls, plain: Mapping[str, str]) -> Change:
        return cls(*(plain[key] for key in ("file", "old", "new")), plain.get("case", ""))


@dataclass(frozen=True, slots=True)
class Mutant:
    """One rule taken out, or each of several that a test has a case for. test: what must notice."""

    name: str
    changes: tuple[Change, ...]
    test: str

    @classmethod
    def read(cls, path: Path) -> Mutant:
        plain = tomllib.loads(path.read_text())
        each = plain.get("each", [])
        assert bool(each) is not ("file" in plain), f"{path.name} has `file`, `old` and `new`, or `[[each]]` with a `case`."
        changes = tuple(Change.of(one) for one in each or [plain])
        cases = [change.case for change in changes]
        assert not each or ("" not in cases and len(set(cases)) == len(cases)), f"{path.name}: each has a `case` of its own."
        return cls(path.name, changes, plain["test"])

    def applied(self) -> dict[str, str]:
        """The text of each file without the rule; AssertionError says what to bring up to date."""
        texts: dict[str, str] = {}
        for change, begin in sorted(((c, self._place(c)) for c in self.changes), key=lambda pair: -pair[1]):
            text = texts.get(change.file) or (ROOT / change.file).read_text()
            texts[change.file] = text[:begin] + change.new + text[begin + len(change.old) :]
        for file, text in texts.items():
            if file.endswith(".toml"):
                tomllib.loads(text)
            else:
                ast.parse(text, file)
        return texts

    def _place(self, change: Change) -> int:
        """Where its old text begins in the file as it is."""
        path = ROOT / change.file
        assert path.is_file(), f"{self.name}: {change.file} is gone. Find where {self.test} finds it now."
        text = path.read_text()
        times = text.count(change.old)
        which = f"its `old` text of {change.case}" if change.case else "its `old` text"
        assert times == 1, (
            f"{self.name}: {which} stands {times} times in {change.file}, not once. Look up how the rule of "
            f"{self.test} is written there now, and bring `old` and `new` up to date so that they take that rule out."
        )
        return text.index(change.old)


def mutants() -> list[Mutant]:
    return [Mutant.read(path) for path in sorted(FOLDER.glob("*.toml"))]


def overlay(mutant: Mutant, folder: Path) -> Path:
    """A folder for PYTHONPATH with the whole package, linked, and the mutant's files in their places."""
    mutated = mutant.applied()
    own = {around for file in mutated for around in Path(file).relative_to("src").parents if around.parts}
    for place in sorted(own):
        (folder / place).mkdir(parents=True)
        for path in (PACKAGE.parent / place).iterdir():
            if path.relative_to(PACKAGE.parent) not in own and f"src/{place / path.name}" not in mutated:
                (folder / place / path.name).symlink_to(path)
    for file, text in mutated.items():
        (folder / Path(file).relative_to("src")).write_text(text)
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
    linked = overlay(mutant, folder / "linked")
    if not quick(mutant, linked, nurseries, made):
        return ""
    return _verdict(mutant, linked, nurseries.plain, made)


def quick(mutant: Mutant, linked: Path, nurseries: Nurseries, made: Path | None = None) -> str:
    """The same, with only that imported anew which leans on the mutant's files: "" is to be believed, a complaint is not."""
    files = {change.file: str(linked / Path(change.file).relative_to("src")) for change in mutant.changes}
    if any(not file.endswith(".py") or file.endswith("__init__.py") or "/migrations/" in file for file in files):
        return "What reads it is not known."
    forget = closure.above([closure.module(file) for file in files])
    nursery = nurseries.plain if forget & closure.held_by_django() else nurseries.ready
    anew = {"forget": sorted(forget), "files": {closure.module(file): path for file, path in files.items()}}
    return _verdict(mutant, linked, nursery, made, **anew)


def _verdict(mutant: Mutant, linked: Path, nursery: Nursery, made: Path | None, **anew: Any) -> str:
    env = nursery.env | {"PYTHONPATH": str(linked), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "1000", "CIVICMAIL_MUTANT": "1"}
    if made and not any("/migrations/" in change.file for change in mutant.changes):  # which alone decide what the tables are
        env[MADE] = str(made)
    arguments = [mutant.test, "--tb=native", "-p", "no:randomly", "-p", "no:cacheprovider", "--rootdir", str(ROOT)]
    arguments += ["-x"] if len(mutant.changes) == 1 else []
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
    if exit_code != 1 or not re.match(rf"{'1' if len(mutant.changes) == 1 else '[0-9]+'} failed", last) or " error" in last:
        return f"{mutant.test} did not fail but could not run (exit code {exit_code}):\n{said[-3000:]}"
    summary = said.rpartition("short test summary")[2]
    blind = sorted({c.case for c in mutant.changes} - set(_CASES.findall(summary))) if len(mutant.changes) > 1 else []
    if blind:
        return f"{mutant.test} is green without its rule for {', '.join(blind)}: it does not test it."
    if sum(1 for _ in _NOTICED.finditer(summary)) < len(mutant.changes):
        return f"{mutant.test} failed because the mutant does not work at all, not because the rule is gone:\n{said[-3000:]}"
    return ""
