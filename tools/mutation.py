"""Play mutmut over a part of the program and say how many of its changes a test notices.

    make mutation PART=query [MINUTES=30]

mutmut (docs/decisions/0108) makes a small change in a function, such as another comparison or constant, and runs the tests that
call it. What no test notices has survived. It works on copies, below .mutation/PART; `cd` there and call `mutmut results` or
`mutmut show NAME` to see the survivors. A second run goes on where the first one stopped. The tests of a part are those that lie
beside it: other tests may notice a survivor.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PLACE = ROOT / ".mutation"
NEEDED = ("src", "tests", "tools", "docs", "bench", "deploy", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "Makefile", "uv.lock")
GUARD = (
    "city/guard/permissions.py",
    "city/identity/bars.py",
    "city/snapshot/credentials.py",
    "city/guard/roles.py",
    "city/guard/four_eyes.py",
    "city/guard/guard.py",
    "city/snapshot/sender_alignment.py",
    "city/guard/permits.py",
    "city/guard/resources.py",
    "city/identity/token_scopes.py",
    "city/guard/access_status.py",
    "city/identity/throttle.py",
    "city/guard/authorization_rules.py",
)
GUARD_TESTS = (
    "city/identity/test_bars.py",
    "city/snapshot/test_credentials.py",
    "city/guard/test_roles.py",
    "city/guard/test_four_eyes.py",
    "city/guard/test_guard.py",
    "city/snapshot/test_sender_alignment.py",
    "city/identity/test_access_requests.py",
    "city/guard/test_resources.py",
    "city/guard/test_secrecy.py",
    "city/guard/test_access_status.py",
    "city/identity/test_throttle.py",
    "city/identity/test_throttling.py",
    "city/identity/test_tokens.py",
)


@dataclass(frozen=True, slots=True)
class Part:
    """files: patterns below src/civicmail; tests: paths below tests; but: tests that cannot be played inside of mutmut."""

    files: tuple[str, ...]
    tests: tuple[str, ...]
    but: tuple[str, ...] = ()


def _core(room: str, *but: str) -> Part:
    return Part((f"core/{room}/*",), (f"core/{room}",), but)


PARTS = {
    "config": _core("config"),
    "disk": _core("disk"),
    "ledger": _core("ledger"),
    "message": _core("message"),
    "query": _core("query", "test_a_wrong_query_names_the_place"),  # it nests as deep as the stack, which mutmut needs, too
    "sandbox": _core("sandbox"),
    "wire": _core("wire"),
    "policy": Part(("city/policy/*",), ("city/policy",)),
    "law": Part(("city/law/*",), ("city/law",)),
    "guard": Part(GUARD, GUARD_TESTS),
}


def prepare(name: str) -> Path:
    """A folder in which mutmut finds the project, with its own settings."""
    part, folder = PARTS[name], PLACE / name
    folder.mkdir(parents=True, exist_ok=True)
    for needed in NEEDED:
        if not (folder / needed).is_symlink():
            (folder / needed).symlink_to(ROOT / needed)
    but = ["-k", " and ".join(f"not {test}" for test in part.but)] if part.but else []
    settings = {
        "source_paths": ["src/"],
        "only_mutate": [f"src/civicmail/{pattern}" for pattern in part.files],
        "also_copy": [needed for needed in NEEDED if needed not in ("src", "tests", "uv.lock")],
        "pytest_add_cli_args_test_selection": [f"tests/{path}" for path in part.tests],
        "pytest_add_cli_args": ["-p", "no:randomly", *but],
        "mutate_only_covered_lines": True,
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    text = (ROOT / "pyproject.toml").read_text()
    (folder / "pyproject.toml").write_text("\n".join([text, "[tool.mutmut]", *lines, ""]))
    return folder


def play(folder: Path, minutes: float, children: int) -> None:
    """Until it has played everything, or its time is over."""
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(children)]
    with subprocess.Popen(command, cwd=folder) as running:
        try:
            running.wait(minutes * 60)
        except subprocess.TimeoutExpired:
            running.send_signal(signal.SIGINT)
            running.wait(60)


def score(folder: Path) -> str:
    """One line: how many were noticed, how many not, and how many were not played."""
    subprocess.run([sys.executable, "-m", "mutmut", "export-cicd-stats"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    counts = json.loads((folder / "mutants" / "mutmut-cicd-stats.json").read_text())
    noticed = counts["killed"] + counts["timeout"]
    played = noticed + counts["survived"] + counts["suspicious"]
    share = f"{100 * noticed / played:.1f} %" if played else "nothing"
    rest = f"{counts['total'] - played:,} of {counts['total']:,} not played"
    return f"{folder.name}: {share} of {played:,} played changes are noticed ({rest})"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Play mutmut over a part of the program.")
    parser.add_argument("part", choices=sorted(PARTS))
    parser.add_argument("--minutes", type=float, default=60.0, help="then it is stopped; a second run goes on")
    parser.add_argument("--children", type=int, default=2, help="processes at a time")
    given = parser.parse_args()
    there = prepare(given.part)
    play(there, given.minutes, given.children)
    print(score(there))
