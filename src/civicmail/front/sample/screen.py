"""Live display of the demo: a table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING

from civicmail.front.sample import people
from civicmail.front.sample.live_demo import LiveDemo, Show
from civicmail.front.sample.mail_tracker import TrackedMessage

if TYPE_CHECKING:
    from rich.console import RenderableType

_ROWS = 14
_NAMES = {p.address: p.name for p in (*people.DEMO.employees, *people.residents(), *people.vendors(), *people.cheats())}


@contextmanager
def screen(play: LiveDemo) -> Iterator[Show]:
    """The display for this terminal. All output goes to stdout, because the person asked for it."""
    if not sys.stdout.isatty():
        yield _Lines(play).show
        return
    from rich.console import Console
    from rich.live import Live

    with Live(_picture(play), console=Console(), refresh_per_second=8, screen=False) as live:
        yield lambda: live.update(_picture(play))


class _Lines:
    """Prints each completed message and each query once."""

    def __init__(self, play: LiveDemo) -> None:
        self._play = play
        self._shown = 0
        self._last: object = None
        print(f"Sample City in {play.data}: pages at {play.pages}, SMTP on 127.0.0.1:{play.ports.mx}", flush=True)

    def show(self) -> None:
        for act in self._play.stage.over[self._shown :]:
            print(f"{act.uuid}  {_way(act)}  {_who(act.sender)} -> {_to(act)}", flush=True)
            self._shown += 1
        if self._play.answers and self._play.answers[-1] is not self._last:
            self._last = a = self._play.answers[-1]
            print(f"search {a.query}: {a.count} of {a.of} in {a.took:.0f} ms", flush=True)


def _way(act: TrackedMessage) -> str:
    went = f"delivered +{act.delivered - act.archived} ms" if act.delivered else "kept back"
    return f"archived, {went}, found +{(act.indexed - act.archived) / 1000:.1f} s"


def _who(address: str) -> str:
    return _NAMES.get(address, address or "<>")


def _to(act: TrackedMessage) -> str:
    others = len(act.recipients) - 1
    return _who(act.recipients[0]) + (f" and {others} more" if others else "")


def _picture(play: LiveDemo) -> RenderableType:
    from rich.console import Group
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    acts = list(islice(reversed(play.stage.acts.values()), _ROWS))[::-1]
    table = Table(expand=True, box=None, pad_edge=False, header_style="bold")
    for title, width in (
        ("capture", 15),
        ("from", None),
        ("to", None),
        ("bytes", 8),
        ("archived", 8),
        ("delivered", 10),
        ("found", 8),
    ):
        table.add_column(title, width=width, no_wrap=True, justify="right" if title == "bytes" else "left")
    for act in acts:
        under_way = "kept back" if act.is_delivered else f"{len(act.done)}/{len(act.recipients)}"
        delivered = f"+{act.delivered - act.archived} ms" if act.delivered else under_way
        lag = f"+{(act.indexed - act.archived) / 1000:.1f} s" if act.indexed else "…"
        table.add_row(
            act.uuid[:13], _who(act.sender), _to(act), f"{act.size:,}", Text("✓", "green"),
            Text(delivered, "green" if act.is_delivered else "yellow"), Text(lag, "green" if act.indexed else "yellow"),
        )  # fmt: skip
    stage = play.stage
    counts = f"sent {play.sent['accepted']}   archived {len(stage.acts)}   found {stage.indexed}"
    counts += f"   delivered {stage.copies} copies ({stage.left} to the world)"
    searches = Table(box=None, pad_edge=False, show_header=False)
    for a in play.answers:
        searches.add_row(Text("search", "dim"), a.query, f"{a.count} of {a.of}", Text(f"{a.took:.0f} ms", "dim"))
    where = Text(f"SMTP 127.0.0.1:{play.ports.mx} · data {play.data} · Ctrl-C ends, then everything is verified", "dim")
    pages = Text.assemble("Be anybody of the city at ", (play.pages, "bold underline"))
    return Panel(
        Group(pages, "", Text(counts, "bold"), "", table, "", searches, "", where), title="Sample City", border_style="blue"
    )
