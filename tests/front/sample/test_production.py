"""Production needs no sample city: only `demo` and `simulate` import it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from house.sources import PACKAGE

EVERY_MODULE = """
import importlib, os, sys
sys.modules["civicmail.front.sample"] = None
os.environ["DJANGO_SETTINGS_MODULE"] = "civicmail.front.web.settings"
import django
django.setup()
for name in sys.argv[1:]:
    importlib.import_module(name)
"""
THEIRS = {"civicmail.front.cli.demo", "civicmail.front.cli.simulate"}
SERVED = {"civicmail.front.web.wsgi"}
"""It serves when it is imported; the tests of `run` start it so (tests/front/cli/test_supervise.py)."""


@pytest.mark.rule(
    "house", "Only `demo` and `simulate` import the sample city; every other module loads where it cannot be imported."
)
def test_every_other_module_loads_where_the_sample_city_cannot_be_imported() -> None:
    paths = [path.relative_to(PACKAGE.parent).with_suffix("") for path in PACKAGE.rglob("*.py") if "__" not in path.stem]
    names = {".".join(path.parts) for path in paths if "migrations" not in path.parts} - THEIRS - SERVED
    assert len(names) > 1000
    rest = sorted(name for name in names if not name.startswith("civicmail.front.sample."))
    done = subprocess.run([sys.executable, "-c", EVERY_MODULE, *rest], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name in THEIRS:
        blocked = subprocess.run([sys.executable, "-c", EVERY_MODULE, name], capture_output=True, text=True, check=False)
        assert "civicmail.front.sample" in blocked.stderr
