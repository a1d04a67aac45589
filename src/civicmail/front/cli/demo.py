"""`civicmail demo`: a sample city with live mail."""

from __future__ import annotations

import contextlib
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from civicmail.front.cli import output
from civicmail.front.sample import sample_city


def demo(
    once: Annotated[bool, typer.Option("--once", help="End by itself after some seconds; exit 0 when every promise held.")] = False,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="A new folder, kept at the end; else a temporary one.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Which mail: the same number gives the same messages.")] = 1,
    rate: Annotated[float, typer.Option("--rate", min=0.1, max=200, help="Messages a second.")] = 8,
) -> None:
    """Start a sample city with a month of mail behind it: its pages open in a browser, and more mail flows until Ctrl-C."""
    from civicmail.front.sample.live_demo import LiveDemo
    from civicmail.front.sample.people import DEMO
    from civicmail.front.sample.screen import screen

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))  # its folder goes and its servers end, as at any other end
    with sample_city.folder(data, "demo") as folder, LiveDemo(folder, seed=seed, rate=rate) as play:
        output.words("Making a city of six departments, and a month of its mail …")
        if play.elsewhere:
            output.words(play.elsewhere)
        city = sample_city.people(play.data, DEMO)
        sample_city.cases(city, seed)
        play.keep_a_month(sample_city.snapshot(play.data))
        play.behind += sample_city.desks(play.data, city)
        with sample_city.serving(folder), screen(play) as show:
            play.wait_for_gateway()
            with contextlib.suppress(KeyboardInterrupt):
                play.perform(seconds=8 if once else None, show=show)
            with contextlib.suppress(KeyboardInterrupt):
                play.wait_for_the_end(show=show, seconds=60 if once else 10)  # a busy machine has a month to deliver first
        play.stage.update()  # letters of the city that were sent while the servers ended
        verified = sample_city.verified(folder)
        for line in play.summary(verified):
            print(line)
        raise typer.Exit(0 if play.all_held(verified) else 1)
