"""Whoever answers, ends, dies and repairs in whatever order: gateways know what the tables say (P-22)."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from city.snapshot.test_published_approvals import NOW, SPOILT, Tables, answer, spoil, standing
from civicmail.city.snapshot import published_approvals
from civicmail.city.snapshot.approval_file import approved_files_path, encode_lines
from civicmail.city.snapshot.published_approvals import ApprovalsWatcher
from civicmail.core.disk.files import File, Files

NUMBERS = st.integers(0, 5)


class Hasty(File):
    def sync(self) -> None:
        """No power is cut in these walks."""


class Unsynced(Files):
    def open(self, path: Path, *, create: bool = False) -> File:
        return Hasty(path, super().open(path, create=create).fd)

    def sync_folder(self, path: Path) -> None:
        """As above."""


class Walk(RuleBasedStateMachine):
    """late: what stands in the tables, and whoever was to write it down died; the worker does it. spoilt: nobody can read it."""

    def __init__(self) -> None:
        super().__init__()
        self.data = Path(tempfile.mkdtemp())
        self.files = Unsynced()
        self.tables = Tables({"parks"})
        self.late: set[int] = set()
        self.late_few = self.spoilt = False
        self.gateways = [ApprovalsWatcher(self.data) for _ in range(3)]
        published_approvals.publish(self.data, self.tables.whole(), self.files)

    def teardown(self) -> None:
        self._finish()
        for gateway in (*self.gateways, ApprovalsWatcher(self.data)):
            found = gateway.current(NOW)
            assert found is not None and found.is_same(self.tables.whole(), NOW)
        shutil.rmtree(self.data)

    def _say(self, numbers: Sequence[int]) -> None:
        said = [answer(n) for n in numbers]
        self.tables.answers |= dict(zip(numbers, said, strict=True))
        published_approvals.append_approvals(self.data, said, self.tables.whole, NOW, self.files)
        if self.spoilt:  # then all of it was written
            self.late, self.late_few, self.spoilt = set(), False, False
        self.late -= set(numbers)

    def _keep(self) -> None:
        published_approvals.publish_standing(self.data, self.tables.few, self.tables.whole, NOW, self.files)
        if self.spoilt:
            self.late = set()
        self.late_few = self.spoilt = False

    def _finish(self) -> None:
        self._keep()
        if self.late:
            self._say(sorted(self.late))

    @rule(numbers=st.lists(NUMBERS, min_size=1, max_size=3, unique=True))
    def answers(self, numbers: list[int]) -> None:
        self._say(numbers)

    @rule(numbers=st.lists(NUMBERS, min_size=1, max_size=3, unique=True), share=st.floats(0, 1))
    def dies_while_answering(self, numbers: list[int], share: float) -> None:
        said = [answer(n) for n in numbers]
        self.tables.answers |= dict(zip(numbers, said, strict=True))
        self.late |= set(numbers)
        if (path := approved_files_path(self.data)).exists() and path.read_bytes().endswith(b"\n"):
            with path.open("ab") as file:
                file.write(encode_lines(said)[: int(share * len(encode_lines(said)))])

    @rule(n=NUMBERS, dies=st.booleans())
    def allows_or_ends(self, n: int, dies: bool) -> None:
        if self.tables.standing.pop(n, None) is None:
            self.tables.standing[n] = standing(n)
        if dies:
            self.late_few = True
        else:
            self._keep()

    @rule(code=st.sampled_from(["parks", "fire"]))
    def switches(self, code: str) -> None:
        self.tables.departments ^= {code}
        self._keep()

    @rule()
    def another_process_goes_on(self) -> None:
        published_approvals.shared_watcher.cache_clear()

    @rule()
    def the_worker_goes_round(self) -> None:
        self._finish()

    @rule()
    def compares_all(self) -> None:
        published_approvals.reconcile(self.data, self.tables.whole, NOW, self.files)
        self.late, self.late_few, self.spoilt = set(), False, False

    @rule()
    def writes_all_anew(self) -> None:
        published_approvals.publish(self.data, self.tables.whole(), self.files)
        self.late, self.late_few, self.spoilt = set(), False, False

    @precondition(lambda self: not self.spoilt)
    @rule(how=st.sampled_from(SPOILT))
    def is_spoilt(self, how: str) -> None:
        spoil(self.data, how)
        self.spoilt = True

    @rule(n=st.integers(0, 2))
    def looks(self, n: int) -> None:
        found = self.gateways[n].current(NOW)
        assert (found is None) == self.spoilt
        if found is None:
            return
        wanted = self.tables.whole()
        assert self.late_few or found == wanted
        there, all_ = found.approved_files.in_force(NOW), wanted.approved_files.in_force(NOW)
        assert there <= all_ and {f"a{n}" for n in self.late} >= {one.id for one in all_ - there}


@pytest.mark.rule(
    "P-22, promise 6",
    "Whatever happens in any order, such as answers, ends, crashes, repairs and damage: gateways agree with the tables, "
    "or know that they do not.",
)
def test_whatever_happens_in_between_gateways_know_what_the_tables_say() -> None:
    """Answers, ends, deaths, repairs and damage in any order, with gateways that look now and then."""
    run_state_machine_as_test(Walk, settings=settings(max_examples=40, stateful_step_count=25))
