"""What a newcomer's machine may look like: the scripts behind `make setup` and `make neighbours`."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from house.sources import ROOT


def _script(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def _run(tool: str, path: str, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(ROOT / "tools" / tool), *words], env={"PATH": path, "HOME": "/nonexistent"} | env, capture_output=True, text=True
    )


def test_a_python_that_does_not_start_or_is_too_old_is_passed_over(tmp_path: Path) -> None:
    """pyenv leaves names behind that answer "not found"; a minimal package has no ensurepip."""
    _script(tmp_path, "python3.14", "echo 'pyenv: python3.14: command not found' >&2; exit 127")
    _script(tmp_path, "python3.13", "exit 1")
    _script(tmp_path, "python3.12", f'exec {shlex.quote(sys.executable)} "$@"')
    found = _run("python.sh", f"{tmp_path}:/usr/bin:/bin").stdout.strip()
    assert Path(found).resolve() == Path(sys.executable).resolve() or found.startswith(sys.base_prefix)


def test_the_python_that_somebody_names_comes_first(tmp_path: Path) -> None:
    _script(
        tmp_path, "mine", f'[ "$2" = "import sys; print(sys.executable)" ] && echo MINE || exec {shlex.quote(sys.executable)} "$@"'
    )
    assert _run("python.sh", "/usr/bin:/bin", CIVICMAIL_PYTHON=str(tmp_path / "mine")).stdout == "MINE\n"


@pytest.mark.parametrize(("user", "wanted"), [("1000", "needs root"), ("0", "INSTALL")])
def test_neighbours_are_installed_by_root_only(tmp_path: Path, user: str, wanted: str) -> None:
    _script(tmp_path, "id", f"echo {user}")
    _script(tmp_path, "dpkg-query", "exit 1")
    _script(tmp_path, "debconf-set-selections", "cat >/dev/null")
    _script(tmp_path, "apt-get", 'case "$*" in *install*) [ -x "$POLICY_RC_D" ] && echo INSTALL "$@" ;; esac')
    policy = tmp_path / "policy-rc.d"
    done = _run("neighbours.sh", f"{tmp_path}:/usr/bin:/bin", POLICY_RC_D=str(policy))
    assert done.returncode == 0
    assert wanted in done.stdout + done.stderr
    assert "postfix" in done.stdout + done.stderr
    assert not policy.exists(), "what kept services from starting goes at the end"


def test_what_make_city_needs_is_installed_when_it_is_asked_for(tmp_path: Path) -> None:
    _script(tmp_path, "id", "echo 1000")
    _script(tmp_path, "dpkg-query", "exit 1")
    _script(tmp_path, "apt-get", "exit 1")
    for words, called in (((), ""), (("CITY=1",), " --city")):
        dry = subprocess.run(
            ["make", "--dry-run", "--no-print-directory", "neighbours", *words],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert dry.stdout.rstrip() == f"tools/neighbours.sh{called}"
    few, more = (set(_run("neighbours.sh", f"{tmp_path}:/usr/bin:/bin", *words).stdout.split()) for words in ((), ("--city",)))
    assert few < more and {"podman", "buildah", "podman-compose", "nftables", "mmdebstrap"} <= more - few


def test_where_there_is_no_apt_a_sentence_says_so(tmp_path: Path) -> None:
    (tmp_path / "sh").symlink_to("/bin/sh")
    done = _run("neighbours.sh", str(tmp_path))
    assert done.returncode == 0
    assert "not Debian or Ubuntu" in done.stdout


def _again(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(ROOT / "tools" / "again.py")], cwd=folder, capture_output=True, text=True)


def _lane(folder: Path, name: str, code: int, failed: list[str]) -> None:
    kept = folder / ".pytest_cache" / name
    (kept / "v/cache").mkdir(parents=True)
    (kept / "code").write_text(f"{code}\n")
    (kept / "v/cache/lastfailed").write_text(json.dumps(dict.fromkeys(failed, True)))


STEADY = "import pathlib\n\ndef test_now() -> None:\n    assert pathlib.Path('mended').exists()\n"


def test_what_failed_beside_others_is_tried_once_more_alone_and_named(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text(STEADY)
    _lane(tmp_path, "suite", 1, ["test_a.py::test_now"])
    _lane(tmp_path, "mutants", 0, ["test_b.py::test_of_an_earlier_day"])
    assert _again(tmp_path).returncode == 1, "it fails alone, too"
    (tmp_path / "mended").touch()
    done = _again(tmp_path)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Unsteady, to be mended: test_a.py::test_now (suite)")
    assert "nothing" in _again(tmp_path).stdout, "it is not asked again"


@pytest.mark.parametrize(
    ("code", "failed", "said"),
    [
        (1, [f"test_a.py::test_{n}" for n in range(6)], "6 tests failed, more than 5."),
        (2, [], "pytest ended with 2 before its tests did."),
        (99, ["test_a.py::test_now"], "pytest ended with 99 before its tests did."),
        (1, [], "pytest ended with 1 before its tests did."),
    ],
)
def test_what_is_no_accident_is_not_tried_again(tmp_path: Path, code: int, failed: list[str], said: str) -> None:
    (tmp_path / "test_a.py").write_text("def test_now() -> None:\n    pass\n")
    _lane(tmp_path, "suite", code, failed)
    done = _again(tmp_path)
    assert (done.returncode, said in done.stderr) == (1, True)


def test_a_lane_remembers_how_it_ended_and_what_failed(tmp_path: Path) -> None:
    (tmp_path / "tools").symlink_to(ROOT / "tools")
    (tmp_path / ".venv/bin").mkdir(parents=True)
    _script(tmp_path / ".venv/bin", "pytest", f'exec {shlex.quote(sys.executable)} -m pytest "$@"')
    (tmp_path / "test_a.py").write_text(STEADY)
    done = subprocess.run(["tools/lane.sh", "mutants", "test_a.py"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert "1 failed" in done.stdout
    (tmp_path / "mended").touch()
    assert _again(tmp_path).returncode == 0
