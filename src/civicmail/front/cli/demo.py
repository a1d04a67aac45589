"""`civicmail demo`: a sample city with mail flowing, shown live."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from civicmail.core.config.clock import now_ms
from civicmail.core.config.errors import ConfigError
from civicmail.core.config.load import FILE
from civicmail.core.disk.files import OS_FILES
from civicmail.front.cli import output

if TYPE_CHECKING:
    from civicmail.front.sample.play import Play


def demo(
    once: Annotated[bool, typer.Option("--once", help="End by itself after some seconds; exit 0 when every promise held.")] = False,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="A new folder, kept at the end; else a temporary one.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Which mail: the same number gives the same messages.")] = 1,
    rate: Annotated[float, typer.Option("--rate", min=0.1, max=200, help="Messages a second.")] = 8,
) -> None:
    """Start a sample city with a month of mail behind it: its pages open in a browser, and more mail flows until Ctrl-C."""
    from civicmail.front.cli.screen import screen
    from civicmail.front.sample.play import Play

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))  # its folder goes and its servers end, as at any other end
    with _folder(data) as folder, Play(folder, seed=seed, rate=rate) as play:
        _people_and_mail(play)
        with _serving(folder), screen(play) as show:
            play.wait_for_gateway()
            with contextlib.suppress(KeyboardInterrupt):
                play.perform(seconds=8 if once else None, show=show)
            with contextlib.suppress(KeyboardInterrupt):
                play.wait_for_the_end(show=show)
        verified = _verify(folder)
        for line in play.summary(verified):
            print(line)
        raise typer.Exit(0 if play.all_held(verified) else 1)


@contextlib.contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    """The folder that was named, which stays, or a temporary one, which goes."""
    if given is not None:
        folder = given.absolute()
        if (folder / FILE).exists():
            raise ConfigError(f"{folder} is an installation already; the demo wants a folder of its own.")
        yield folder
        return
    place = Path(tempfile.mkdtemp(prefix="civicmail-demo-"))
    try:
        yield place / "data"
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _people_and_mail(play: Play) -> None:
    """Everybody of the sample city by the verbs that pages use, and what they wrote and got in the last month."""
    from civicmail.city.access.demo import FILE as ROLES
    from civicmail.front.web.start import prepare

    output.words("Making a city of six departments, and a month of its mail …")
    OS_FILES.replace(play.data / ROLES, b"[]")
    prepare(play.data)
    from civicmail.city.access.published import snapshot_path
    from civicmail.city.access.snapshot import decode
    from civicmail.front.sample.cast import cast
    from civicmail.front.sample.looks import looks
    from civicmail.front.sample.people import DEMO
    from civicmail.front.sample.staff import populate

    city = populate(now_ms(), DEMO)
    looks(city, now_ms())
    roles = cast(city)
    OS_FILES.replace(play.data / ROLES, orjson.dumps([role._asdict() for role in roles]))
    play.keep_a_month(decode(snapshot_path(play.data).read_bytes()))


@contextlib.contextmanager
def _serving(folder: Path) -> Iterator[None]:
    """The real program, all roles, in a session of its own so that Ctrl-C reaches only the demo."""
    log = (folder / "run.log").open("ab")
    command = [sys.executable, "-m", "civicmail.front.cli.main", "run", "--data", str(folder)]
    command += ["--parent", str(os.getpid())]  # however the demo ends, its servers do
    with log, subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True) as running:  # noqa: S603 - our own program
        try:
            yield
        finally:
            running.terminate()
            try:
                running.wait(20)
            except subprocess.TimeoutExpired:
                running.kill()


def _verify(folder: Path) -> dict[str, object]:
    """What `civicmail verify --deep` says of everything that was kept."""
    command = [sys.executable, "-m", "civicmail.front.cli.main", "verify", "--deep", "--data", str(folder)]
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - our own program
    lines = done.stdout.splitlines()
    answer: dict[str, object] = orjson.loads(lines[-1]) if lines else {"messages": 0, "problems": [done.stderr.decode().strip()]}
    return answer
