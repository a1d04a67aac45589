"""Export speed within an examination: scope check for each message, manifest and proof, as a zip file."""

from __future__ import annotations

import statistics
import sys
import time
from contextlib import closing
from pathlib import Path

from bench.corpus import maildir
from bench.processes import Cost, measured
from bench.report import Report, Row
from bench.scratch import scratch
from civicmail.city.guard import permits
from civicmail.city.guard.mandates import Mandate, Scope
from civicmail.city.guard.permits import Permit
from civicmail.core.query.tree import Everything
from civicmail.desk.workbench import export_run
from civicmail.desk.workbench.export import About
from civicmail.desk.workbench.export_run import Running
from civicmail.desk.workbench.scope import Gate, within
from civicmail.mail.archive.reading import Archive
from civicmail.mail.search.reader import Reader

WHO = "bench"
TOOL = Path(__file__).parents[1] / "tools" / "verify_export.py"


def run(report: Report, *, count: int, rounds: int) -> None:
    """Real mail, imported as one custodian's, sealed; exported by the steps that the worker makes, and checked."""
    from neighbours.civic import PROGRAM, civicmail  # of the tests, which are not on the path of the process that is measured

    with scratch() as top:
        name, messages, size = maildir(top / "box", count)
        report.note(f"{messages} messages of {name}, {size / 1e6:.0f} MB, sealed")
        data = top / "data"
        civicmail("init", data=data)
        measured([PROGRAM, "import", str(top / "box"), "--custodian", WHO, "--data", str(data)])
        for _ in range(2):  # the second one has a signed checkpoint over what the first one did
            measured([PROGRAM, "tick", "--data", str(data)])
        costs = []
        for n in range(rounds):
            costs.append(measured([sys.executable, "-m", "bench.exported", str(data), str(n), str(messages)]))
            checked = measured([sys.executable, str(TOOL), str(data / "exports" / str(n) / export_run.FILE)])
        _add(report, costs, checked, messages)


def _add(report: Report, costs: list[Cost], checked: Cost, messages: int) -> None:
    middle = sorted(costs, key=lambda c: c.wall)[len(costs) // 2]
    report.add(
        Row("exported", "civicmail", "under a mandate, with proof", messages / middle.wall, "/s", None, ">= 1,000/s"),
        Row("exported", "civicmail", "CPU for a message", 1000 * middle.cpu / messages, "ms"),
        Row("exported", "civicmail", "peak memory", middle.peak, "MiB"),
        Row("exported", "tools/verify_export.py", "messages checked a second", messages / checked.wall, "/s"),
    )
    report.note(f"export: spread {statistics.pstdev([c.wall for c in costs]):.1f} s over {len(costs)} rounds")


def export(data: Path, name: str) -> int:
    """Make one export as the worker does. Returns the number of messages."""
    now = time.time_ns() // 1_000_000
    scope = Scope((WHO,), (), custodians=(WHO,))
    mandate = Mandate("26-001", "request", WHO, "records-officer", "Bench.", scope, now, now + 3_600_000, False, "open")
    permit = Permit(WHO, "records-officer", "Bench.", now, "1", mandate.number, _seal=permits._MADE_BY_GUARD)
    archive, reader = Archive(data), Reader(data)
    gate = Gate(data, archive, permit, mandate, now)
    about = About("Sample City", now, WHO, "records-officer", "Bench.", "", mandate=mandate.number)
    made = Running(data / "exports" / name, archive, reader, within(mandate, Everything(), now), gate.read, about)
    with closing(made):
        while not made.step(0.5):
            pass
        return made.finish().done


if __name__ == "__main__":
    data, name, expected = sys.argv[1:]
    done = export(Path(data), name)
    assert done == int(expected), f"{done} of {expected}"
