"""Where an export is written: a folder, or one zip file that can be resumed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from civicmail.core.disk.files import OS_FILES, Files
from civicmail.desk.workbench.growing_zip import GrowingZip


class Parcel(Protocol):
    """work: the folder of the growing lists, which are part of the export, too."""

    work: Path

    def put(self, name: str, content: bytes) -> None:
        """Add a content under this name ("messages/000001.eml")."""

    def take(self, name: str) -> None:
        """The list of this name in the work folder is complete."""

    def mark(self) -> list[int]:
        """Make everything durable; return where `resume` continues."""

    def resume(self, mark: list[int]) -> None: ...

    def finish(self) -> None: ...

    def close(self) -> None: ...


class Folder:
    """Plain files (mode 0600) in a folder that is new or empty."""

    def __init__(self, out: Path) -> None:
        self.work = out
        (out / "messages").mkdir(mode=0o700, parents=True, exist_ok=True)

    def put(self, name: str, content: bytes) -> None:
        made = os.open(self.work / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(made, "wb", buffering=0) as h:
            while content := content[h.write(content) or 0 :]:
                pass

    def take(self, name: str) -> None:
        """Take the file, which is in its place already."""

    def mark(self) -> list[int]:
        return []

    def resume(self, mark: list[int]) -> None:
        """A folder is written in one go."""

    def finish(self) -> None:
        """Nothing to finish."""

    def close(self) -> None:
        """Nothing to close."""


class Zip:
    """One zip file. work: a folder for the growing lists, which are removed at the end."""

    def __init__(self, out: Path, work: Path, at: int, files: Files = OS_FILES) -> None:
        self.work = work
        self._files = files
        self._zip = GrowingZip(out, at, files)

    def put(self, name: str, content: bytes) -> None:
        self._zip.put(name, content)

    def take(self, name: str) -> None:
        self._zip.put_file(name, self.work / name)

    def mark(self) -> list[int]:
        return list(self._zip.mark())

    def resume(self, mark: list[int]) -> None:
        end, parts_end = mark
        self._zip.resume((end, parts_end))

    def finish(self) -> None:
        self._zip.finish()

    def close(self) -> None:
        self._zip.close()
