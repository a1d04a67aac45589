"""What a newcomer's machine may look like: the scripts behind `make setup` and `make neighbours`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from house.sources import ROOT


def _script(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def _run(tool: str, path: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(ROOT / "tools" / tool)], env={"PATH": path, "HOME": "/nonexistent"} | env, capture_output=True, text=True
    )


def test_a_python_that_does_not_start_or_is_too_old_is_passed_over(tmp_path: Path) -> None:
    """pyenv leaves names behind that answer "not found"; a minimal package has no ensurepip."""
    _script(tmp_path, "python3.14", "echo 'pyenv: python3.14: command not found' >&2; exit 127")
    _script(tmp_path, "python3.13", "exit 1")
    _script(tmp_path, "python3.12", f'exec {sys.executable} "$@"')
    found = _run("python.sh", f"{tmp_path}:/usr/bin:/bin").stdout.strip()
    assert Path(found).resolve() == Path(sys.executable).resolve() or found.startswith(sys.base_prefix)


def test_the_python_that_somebody_names_comes_first(tmp_path: Path) -> None:
    _script(tmp_path, "mine", f'[ "$2" = "import sys; print(sys.executable)" ] && echo MINE || exec {sys.executable} "$@"')
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


def test_where_there_is_no_apt_a_sentence_says_so(tmp_path: Path) -> None:
    (tmp_path / "sh").symlink_to("/bin/sh")
    done = _run("neighbours.sh", str(tmp_path))
    assert done.returncode == 0
    assert "not Debian or Ubuntu" in done.stdout
