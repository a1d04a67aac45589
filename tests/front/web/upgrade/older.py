"""Tables as an earlier release had them: python -m front.web.upgrade.older DATA APPLICATION/STEP…"""

from __future__ import annotations

import sys
from pathlib import Path


def main(data: Path, steps: list[tuple[str, str]]) -> None:
    """Do the last of these steps of each application, and what they need."""
    from civicmail.front.web.start import start

    start(data)
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    known = executor.loader.graph.nodes
    executor.migrate([step for step in steps if step in known])


if __name__ == "__main__":
    main(Path(sys.argv[1]), [(room, name) for room, _, name in (word.partition("/") for word in sys.argv[2:])])
