"""How long the fault tests look: CIVICMAIL_FAULTS cases of each kind (make verify: 200; FULL=1: 2,000 and every point)."""

from __future__ import annotations

import gc
import os
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

FULL = os.environ.get("FULL") == "1"
CASES = 2000 if FULL else int(os.environ.get("CIVICMAIL_FAULTS", "40"))


@pytest.fixture
def cases() -> int:
    """How many accidents of this kind."""
    return CASES


@pytest.fixture
def full() -> bool:
    return FULL


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Thousands of accidents have nothing to log. Afterwards the log is what it was."""
    was = structlog.get_config() if structlog.is_configured() else None
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    yield
    structlog.reset_defaults()
    if was:
        structlog.configure(**was)


@pytest.fixture(autouse=True)
def buried() -> Iterator[None]:
    """Processes that died have closed nothing: what they left open goes here, and not in the middle of another test."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def base() -> Iterator[Path]:
    """An installation as it was before the day, in memory where there is such a disk: the accidents are played, not waited for."""
    from neighbours.scratch import installation

    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as top:
        yield installation(Path(top) / "base")
