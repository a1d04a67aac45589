"""`civicmail standby`: serve as the standby, and show its lag."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Annotated

import typer

from civicmail.core.config.clock import now_ms
from civicmail.core.config.settings import Archive, Log
from civicmail.front.cli import options, output
from civicmail.front.cli.groups import group
from civicmail.mail.replica import copy_folder, epoch
from civicmail.mail.replica import status as statuses

app = group("The second place: everything that is kept is kept there, too.")


@app.command()
def serve(
    data: Annotated[Path, typer.Option("--data", metavar="DIR", help="The folder of the copy: new, empty, or a copy.")],
    certificate: Annotated[str, typer.Option("--certificate", metavar="FILE", help="Our certificate chain, PEM.")],
    ca: Annotated[str, typer.Option("--ca", metavar="FILE", help="The authority of the certificates of both places, PEM.")],
    key: Annotated[str, typer.Option("--key", metavar="FILE", help="Its private key, unless it is in the same file.")] = "",
    address: Annotated[str, typer.Option("--address", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="The port to listen on.")] = 2626,
) -> None:
    """Receive an installation's mail over TLS until SIGTERM or Ctrl-C, and sync it before it is acknowledged."""
    from civicmail.core.config.log import set_up
    from civicmail.front.cli.run import stop_on_signal
    from civicmail.mail.replica.links import context_of
    from civicmail.mail.replica.receive import Receiver

    set_up(Log(), "standby")
    settings = Archive(standby_certificate=certificate, standby_key=key, standby_ca=ca)
    stop: threading.Event = stop_on_signal()
    receiver = Receiver(data.absolute(), address, port, context_of(settings, server=True))
    output.words(f"Receiving into {data} on {address} port {receiver.port}.")
    receiver.serve(stop)
    receiver.close()


@app.command()
def status(installation: options.Installation, json: options.Json = False) -> None:
    """How many seconds of mail would be lost with this machine. Ends with 1 when it is more than five, or when nothing is sent."""
    folder = options.data_folder(installation.data)
    if copy_folder.is_copy(folder):
        _of_copy(folder, json)
        return
    _, settings = installation.open()
    now = now_ms()
    state = statuses.read(folder)
    lag = statuses.lag_ms(folder, state, now)
    behind = lag is None or lag > statuses.ALARM_MS
    plain = {
        "standby": settings.archive.standby,
        "acknowledge": settings.archive.acknowledge,
        "epoch": epoch.read(folder).number,
        "fenced": epoch.is_fenced(folder),
        "lag_seconds": None if lag is None else round(lag / 1000, 3),
        "error": state.error if state else "",
    }
    if json:
        output.emit(plain)
    else:
        _tell(plain)
    raise typer.Exit(1 if (behind and settings.archive.standby) or plain["fenced"] else 0)


def _tell(plain: dict[str, object]) -> None:
    if plain["fenced"]:
        output.show("Another installation has taken over: this one may not take in or deliver mail any more.")
    if not plain["standby"]:
        output.show("There is no second place: [archive] standby is empty.")
        return
    output.show(f"The second place is {plain['standby']}; acknowledge is {plain['acknowledge']}; this is epoch {plain['epoch']}.")
    if plain["lag_seconds"] is None:
        output.show("It has never had everything.")
    else:
        output.show(f"At most {plain['lag_seconds']} seconds of mail would be lost with this machine.")
    if plain["error"]:
        output.show(f"It cannot be reached: {plain['error']}")


def _of_copy(folder: Path, json: bool) -> None:
    complete = copy_folder.is_complete(folder)
    plain = {"copy": str(folder), "complete": complete, "epoch": epoch.read(folder).number if complete else 0}
    if json:
        output.emit(plain)
    else:
        output.show(f"This is a copy of epoch {plain['epoch']}." if complete else "This copy was never complete.")
    raise typer.Exit(0 if complete else 1)
