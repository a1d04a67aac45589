"""Tables as an earlier release had them: python -m front.web.upgrade.older DATA [APPLICATION/STEP…]"""

from __future__ import annotations

import sys
from pathlib import Path


def main(data: Path, steps: list[tuple[str, str]]) -> None:
    """Do the last of these steps of each application, and what they need, as before steps were squashed; without any, all steps."""
    from civicmail.front.web.start import start

    start(data)
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor
    from django.db.migrations.loader import MigrationLoader

    class Unsquashed(MigrationLoader):
        def load_disk(self) -> None:
            super().load_disk()
            self.disk_migrations = {step: m for step, m in self.disk_migrations.items() if not m.replaces}

    executor = MigrationExecutor(connection)
    executor.loader = Unsquashed(connection)
    graph = executor.loader.graph
    targets = [step for step in steps if step in graph.nodes] or graph.leaf_nodes()
    in_order = dict.fromkeys(step for target in targets for step in graph.forwards_plan(target))
    executor.migrate(targets, plan=[(graph.nodes[step], False) for step in in_order])


if __name__ == "__main__":
    main(Path(sys.argv[1]), [(room, name) for room, _, name in (word.partition("/") for word in sys.argv[2:])])
