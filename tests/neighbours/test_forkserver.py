"""A command of ours that is forked says and answers what one that is typed does."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from neighbours import forkserver
from neighbours.civic import PROGRAM


@pytest.mark.parametrize("words", [["config", "check"], ["search", "storm"], ["nonsense"], ["search", "--help"]])
def test_a_forked_command_says_what_a_typed_one_says(words: list[str], data: Path) -> None:
    line = [*words, "--data", str(data)]
    typed = subprocess.run([PROGRAM, *line], capture_output=True, timeout=60, check=False)
    forked = forkserver.run(line, timeout=60)
    assert (forked.returncode, forked.stdout, forked.stderr) == (typed.returncode, typed.stdout, typed.stderr)


def test_it_has_the_environment_that_it_is_given_and_imports_what_is_ours_itself() -> None:
    told = "import os, sys; print(sorted(os.environ), [name for name in sys.modules if name.startswith('civicmail')])"
    done = forkserver.run(forkserver.python(told), env={"A": "1"}, timeout=60, check=True)
    assert done.stdout == b"['A'] []\n"


def test_what_does_not_end_in_time_is_killed() -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        forkserver.run(forkserver.python("import time; time.sleep(60)"), timeout=0.1)
    done = forkserver.run(forkserver.python("import os; os.kill(os.getpid(), 9)"), env=os.environ, timeout=60)
    assert done.returncode == -9
