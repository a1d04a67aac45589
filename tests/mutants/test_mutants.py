"""A mutant is the program with one rule taken out, and the test of that rule turns red on it (docs/decisions/0105).

A mutant that is not noticed means that a rule could go without anybody seeing it. Most cost half a second; two run at a time.
"""

from __future__ import annotations

import ast
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

import civicmail
from house.sources import PACKAGE
from mutants import closure
from mutants.mutant import Mutant, Nurseries, complaint, judged, mutants, overlay, quick
from neighbours.tables import tables
from tools import requirements

MUTANTS = mutants()
AT_ONCE = 2


@pytest.fixture(scope="module")
def runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[str]]]:
    """The verdicts on the mutants that were asked for, in the order in which they will be."""
    own = threading.local()
    everybodys: list[Nurseries] = []

    def begin() -> None:
        own.nurseries = Nurseries()
        everybodys.append(own.nurseries)

    def verdict(mutant: Mutant, folder: Path) -> str:
        return complaint(mutant, folder, own.nurseries, made)

    made = tables()
    pool = ThreadPoolExecutor(AT_ONCE, initializer=begin)
    wanted = [item.callspec.params["mutant"] for item in request.session.items if "mutant" in getattr(item, "fixturenames", ())]
    try:
        yield {m.name: pool.submit(verdict, m, tmp_path_factory.mktemp("mutant")) for m in wanted}
    finally:
        pool.shutdown(cancel_futures=True)
        for nurseries in everybodys:
            nurseries.close()


@pytest.fixture(scope="module")
def nurseries() -> Iterator[Nurseries]:
    with closing(Nurseries()) as one:
        yield one


@pytest.mark.timeout(900)  # it waits for those before it
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name)
def test_a_mutant_is_noticed(mutant: Mutant, runs: dict[str, Future[str]]) -> None:
    mutant.applied()  # says so at once when the rule is written in another way by now
    verdict = runs[mutant.name].result()
    assert not verdict, verdict


# -- the instrument itself


def test_the_package_is_the_one_below_src() -> None:
    """Green here, and red where a mutant of the package's own first line is imported: that is how we know that it is."""
    assert civicmail.__doc__ == ast.get_docstring(ast.parse((PACKAGE / "__init__.py").read_text()), clean=False)


def _first_line(test: str) -> Mutant:
    assert civicmail.__doc__ is not None
    return Mutant("the-first-line", test, "civicmail", "constant", [civicmail.__doc__, f"Mutated {civicmail.__doc__}"])


def test_the_mutated_package_is_imported_and_not_the_installed_one(tmp_path: Path, nurseries: Nurseries) -> None:
    asks = "tests/mutants/test_mutants.py::test_the_package_is_the_one_below_src"
    assert complaint(_first_line(asks), tmp_path / "a", nurseries) == ""


def _examples() -> list[Mutant]:
    """Of each room, and of those with and without Django, the one for which most is imported anew, if anything is."""
    found: dict[tuple[str, ...], tuple[int, Mutant]] = {}
    for mutant in (m for m in MUTANTS if "migrations" not in m.file.parts and not m.bodies(m.applied())):
        anew = closure.above([mutant.module])
        kind = (*mutant.module.split(".")[1:3], "held" if anew & closure.held_by_django() else "")
        found[kind] = max(found.get(kind, (0, mutant)), (len(anew), mutant), key=lambda pair: pair[0])
    return [mutant for _, mutant in found.values()]


@pytest.mark.parametrize("mutant", _examples(), ids=lambda m: m.name)
def test_where_no_rule_is_gone_the_quick_way_is_green(mutant: Mutant, nurseries: Nurseries, tmp_path: Path) -> None:
    """What is imported anew fits to what is not: a test turns red by the mutant alone. The text is as operators write it."""
    text = ast.unparse(ast.parse((PACKAGE.parent / mutant.file).read_text()))
    said = quick(mutant, overlay(mutant.file, text, tmp_path / "linked"), nurseries, tables())
    assert said.startswith(f"{mutant.test} is green without its rule"), said


def test_who_took_a_name_of_a_module_is_imported_anew_with_it_and_nobody_else() -> None:
    """Also where that went through others; what functions import they look up when they run."""
    anew = closure.above(["civicmail.city.guard.models.accounts"])
    assert {"civicmail.city.identity.models", "civicmail.city.identity.actions.tokens", "civicmail.front.web.urls"} <= anew
    assert not anew & {"civicmail.core.wire.replies", "civicmail.mail.courier.delivery_queue", "civicmail.city.directory.models"}
    assert "civicmail.desk.holding.apps" in closure.above(["civicmail.desk.holding.tasks"]), "Django has run its functions"
    assert "civicmail.front.web.api.operations_decorator" in closure.above(["civicmail.desk.viewer.store"]), (
        "operations are entered there"
    )


def test_a_mutant_that_nobody_notices_and_one_that_cannot_run_are_told(tmp_path: Path, nurseries: Nurseries) -> None:
    blind = "tests/core/wire/test_replies.py"
    assert "is green without its rule" in complaint(_first_line(blind), tmp_path / "a", nurseries)
    gone = replace(_first_line(blind), test="tests/core/wire/test_replies.py::test_that_is_not_there")
    assert "could not run" in complaint(gone, tmp_path / "b", nurseries)


@pytest.mark.parametrize(
    ("reason", "noticed"),
    [
        ("AssertionError: assert 1 == 2", True),
        ("assert 1 == 2", True),
        ("Failed: DID NOT RAISE NotPermitted", True),
        ("civicmail.core.disk.errors.DamagedFile: Record 2 is damaged.", True),
        ("NameError: name 'x' is not defined", False),
        ("Failed: Timeout (>40.0s) from pytest-timeout.", False),
    ],
)
def test_only_an_assertion_or_an_error_of_ours_means_that_a_mutant_was_noticed(reason: str, noticed: bool) -> None:
    said = f"=== short test summary info ===\nFAILED a.py::test_it[x - y] - {reason}\n1 failed in 0.10s\n"
    assert (judged(_first_line("a.py::test_it"), 1, said) == "") is noticed
    assert judged(_first_line("a.py::test_it"), 1, said.replace("1 failed", "1 failed, 1 error").replace("1 failed,", "1 error,"))


def test_a_mutant_whose_rule_is_written_in_another_way_says_what_to_bring_up_to_date() -> None:
    line = _first_line("")
    with pytest.raises(AssertionError, match=r"nothing there is 'no such text'\. Look up how the rule"):
        replace(line, said=["no such text", ""]).applied()
    with pytest.raises(AssertionError, match="nobody stands there 0 times, not once"):
        replace(line, function="civicmail:nobody").applied()
    with pytest.raises(AssertionError, match=r"is gone\. Find where"):
        replace(line, function="civicmail.nowhere:nobody").applied()


# -- tests and mutants belong together


def test_each_mutant_is_of_a_rule_and_none_is_another_one_again() -> None:
    """Its test has the mark of a rule."""
    marked = {rule.test for rule in requirements.rules()}
    for mutant in MUTANTS:
        assert mutant.test.partition("[")[0] in marked, f"{mutant.name}: {mutant.test} has no mark @pytest.mark.rule"
    assert len({(mutant.function, mutant.operator, str(mutant.said)) for mutant in MUTANTS}) == len(MUTANTS)
