"""What is built in must be free to give away: no GPL or AGPL library (LGPL is fine as a dependency)."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata

import pytest

from house.sources import ROOT


def _needed() -> set[str]:
    """Every distribution that the program needs at run time, from the lock file."""
    lock = {p["name"]: p for p in tomllib.loads((ROOT / "uv.lock").read_text())["package"]}
    needed, todo = set(), ["civicmail"]
    while todo:
        for dependency in lock[todo.pop()].get("dependencies", ()):
            if dependency["name"] not in needed:
                needed.add(dependency["name"])
                todo.append(dependency["name"])
    return needed


@pytest.mark.rule("house", "No library is under the GPL or AGPL.")
def test_no_library_is_under_the_gpl() -> None:
    checked = 0
    for distribution in sorted(_needed()):
        try:
            about = metadata.metadata(distribution)
        except metadata.PackageNotFoundError:  # for another platform
            continue
        classifiers = [c for c in about.get_all("Classifier") or [] if c.startswith("License")]
        said = " ".join(
            [about.get("License-Expression") or "", *classifiers] if classifiers or about.get("License-Expression") else []
        )
        said = said or (about.get("License") or "")[:200]
        assert said, f"{distribution} says no licence"
        assert not re.search(r"\bA?GPL|GNU (Affero )?General", said), f"{distribution}: {said}"
        checked += 1
    assert checked > 10
