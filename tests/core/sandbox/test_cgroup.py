"""Readers in a cgroup of their own, in a tree of plain files that stands for the kernel's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from civicmail.core.sandbox import cgroup

OWN = "/system.slice/civicmail-web.service/main"


@pytest.fixture
def service(tmp_path: Path) -> Path:
    """As systemd hands it over."""
    (tmp_path / OWN.strip("/")).mkdir(parents=True)
    made = tmp_path / "system.slice" / "civicmail-web.service"
    try:
        os.setxattr(made, "user.delegate", b"1")
    except OSError:
        pytest.skip("files here have no attributes")
    return made


def test_a_reader_moves_to_where_memory_is_counted(tmp_path: Path, service: Path) -> None:
    """P-23: memory first, so that it is never there without a limit."""
    cgroup.join(tmp_path, OWN)
    group = service / "readers"
    said = {one.name: one.read_text() for one in group.iterdir()}
    assert said == {"memory.max": str(cgroup.memory_limit()), "pids.max": "256", "cgroup.procs": str(os.getpid())}
    assert (service / "cgroup.subtree_control").read_text() == "+memory +pids"
    assert cgroup.memory_limit() >= 2 << 30
    cgroup.join(tmp_path, OWN)


@pytest.mark.rule(
    "P-23",
    "Memory of readers is counted in a cgroup where systemd has handed one over, and no other cgroup is touched.",
)
@pytest.mark.parametrize("own", ["/", "/system.slice/civicmail-web.service", "/system.slice/other.service/main", "/user.slice/one"])
def test_what_was_not_handed_over_is_left_alone(own: str, tmp_path: Path, service: Path) -> None:
    (tmp_path / "system.slice" / "other.service" / "main").mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(OSError, match="no cgroup was handed"):
        cgroup.join(tmp_path, own)
    assert sorted(tmp_path.rglob("*")) == before
