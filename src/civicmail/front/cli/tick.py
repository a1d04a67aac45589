"""`civicmail tick`: one round of what the workers do all the time, for an installation where none runs."""

from __future__ import annotations

from civicmail.core.config.load import load
from civicmail.front.cli import options, output
from civicmail.front.worker.tick import tick as one_round


def tick(data: options.Data = None, config: options.Config = None, json: options.Json = False) -> None:
    """Index, integrate, sign and seal everything that is there, once. What a running process does is left to it."""
    folder = options.data_folder(data)
    done = one_round(load(folder, config), folder)
    if json:
        output.emit(done.plain())
        return
    output.show(f"{done.integrated} integrated, {done.indexed} indexed, {done.sealed} sealed.")
    if done.busy:
        output.words(f"Left to the processes that hold their leases: {', '.join(done.busy)}.")
