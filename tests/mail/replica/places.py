"""A second place on loopback."""

from __future__ import annotations

import threading
from pathlib import Path

from civicmail.core.config.settings import Archive
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.mail.replica.links import context_of
from civicmail.mail.replica.receive import Receiver


class Place:
    """A second place that can be stopped and started again on the same port."""

    def __init__(self, folder: Path, settings: Archive, files: Files = OS_FILES) -> None:
        self.folder = folder
        self.settings = settings
        self.port = 0
        self._files = files

    @property
    def where(self) -> str:
        return f"tls://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._receiver = Receiver(self.folder, "127.0.0.1", self.port, context_of(self.settings, server=True), self._files)
        self.port = self._receiver.port
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._receiver.serve, args=(self._stop,))
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()
        self._receiver.close()
