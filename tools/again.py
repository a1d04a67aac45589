"""Run the failed tests of the last `make test` once more, alone on the machine.

Tests that start real servers share two cores with everything else in a run of CI. One that fails there and not alone is *unsteady*:
it is named at the end, so somebody mends it; it does not stop a change that has nothing to do with it. One that fails twice
has failed. More than five of a lane are no accident: nothing is tried again (docs/decisions/0036).

Exit code: 0 where everything that had failed passes now, 1 else.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

KEPT = Path(".pytest_cache")
MAX_FAILURES = 5
TESTS_FAILED = 1
"""pytest's exit code for failed tests; others but 0 mean that no tests ran."""


def failed(lane: Path) -> list[str]:
    """Names of the tests that failed there."""
    try:
        tests = json.loads((lane / "v/cache/lastfailed").read_text())
    except FileNotFoundError:
        return []
    return sorted(tests)


def lanes(kept: Path) -> dict[Path, int]:
    """Lanes with the exit code of their last run."""
    return {path.parent: int(path.read_text()) for path in sorted(kept.glob("*/code"))}


def hopeless(lanes_: dict[Path, int]) -> list[str]:
    """Why nothing is tried again, a sentence for each lane."""
    problems = []
    for lane, code in lanes_.items():
        names = failed(lane)
        if code not in (0, TESTS_FAILED) or (code == TESTS_FAILED and not names):
            problems.append(f"{lane.name}: pytest ended with {code} before its tests did.")
        elif code and len(names) > MAX_FAILURES:
            problems.append(f"{lane.name}: {len(names)} tests failed, more than {MAX_FAILURES}.")
    return problems


def main() -> int:
    """Try again; 0 or 1."""
    lanes_ = lanes(KEPT)
    if not lanes_:
        print("Nothing was tested yet: `make test`.", file=sys.stderr)
        return 1
    if problems := hopeless(lanes_):
        print("\n".join(problems), file=sys.stderr)
        return 1
    unsteady: list[str] = []
    for lane, code in lanes_.items():
        if not code:
            continue
        names = failed(lane)
        print(f"\nOnce more, alone ({lane.name}): " + ", ".join(names), flush=True)
        env = {"CIVICMAIL_TEST_DB": "postgresql"} if lane.name == "postgresql" else {}
        if subprocess.run(
            [sys.executable, "-m", "pytest", "-o", f"cache_dir={lane}", *names], env={**os.environ, **env}
        ).returncode:
            return 1
        (lane / "code").write_text("0")
        unsteady += [f"{name} ({lane.name})" for name in names]
    print("\nUnsteady, to be mended: " + (", ".join(unsteady) or "nothing"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
