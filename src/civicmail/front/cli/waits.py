"""Wait for a worker's lease, or for tables that another process upgrades."""

from __future__ import annotations

from civicmail.core.disk.lease import Patience
from civicmail.front.cli import output

WORKER_SECONDS = 600.0  # a large seal that is under way ends first
TABLES_SECONDS = 120.0  # the first start of a large installation under a new version


def wait_for_worker() -> Patience:
    """Wait for a lease that a worker may hold."""
    return Patience(WORKER_SECONDS, output.words)


def wait_for_tables() -> Patience:
    """Wait for tables that another process upgrades."""
    return Patience(TABLES_SECONDS)
