"""Send an installation to its standby: new records at once, in rounds; whole files in turns, between the rounds.

A turn makes the copy a state that the installation was once in: it is taken only when the copy has every record and every entry
that was durable when its files were listed, so that no snapshot, segment or checkpoint in it speaks of something that is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from civicmail.core.disk import journal
from civicmail.core.disk.tail import Positions
from civicmail.core.ledger import keys
from civicmail.mail.replica import contents, copy_folder, epoch
from civicmail.mail.replica.contents import Contents, Stamp
from civicmail.mail.replica.evidence import Evidence, integrated_count
from civicmail.mail.replica.journals import Holdings, Journals, send_file
from civicmail.mail.replica.links import Link

BEAT_MS = 1000  # sent to a copy every second, so that both sides notice a lost connection
Clock = Callable[[], int]


class Shipper:
    """One connection to one copy. Raises StandbyGone, Fenced, NotACopy, Diverged, DamagedFile, and is unusable afterwards.

    level_at: the last moment, ms, at which the copy had everything durable; complete: whether a turn was ever taken.
    """

    def __init__(self, data: Path, link: Link, clock: Clock) -> None:
        self._data = data
        self._link = link
        self._clock = clock
        self._contents = Contents(data)
        self._spoken_at = clock()
        self.level_at = 0
        answer = link.ask({"do": "hello", "key": keys.public(data / "keys").hex(), "epoch": epoch.read(data).number})
        held: Holdings = {str(path): (int(size), str(mark)) for path, size, mark in answer["held"]}
        self.complete = bool(answer["complete"])
        self._journals = Journals(data, link, held)
        self._evidence = Evidence(data, link, held)
        self._held = held
        self._sent: dict[str, Stamp] = {}
        self._met = False

    def positions(self) -> Positions:
        """{journal: last number} of what the copy keeps and an installation could be made from; empty before the first turn."""
        return self._journals.whole() if self.complete else {}

    def round(self) -> bool:
        """Send and sync new durable records; returns whether there were any."""
        began, size, durable = self._clock(), integrated_count(self._data), journal.durable(self._data)
        before = self._evidence.size
        moved = False
        while True:
            waiting = self._journals.send(durable, self._evidence.size)
            if self._journals.unsynced or self._clock() - self._spoken_at >= BEAT_MS:
                moved |= self._journals.unsynced
                self._link.ask({"do": "sync", "durable": self._journals.whole()})
                self._journals.unsynced, self._spoken_at = False, self._clock()
            at = self._evidence.size
            self._evidence.send(min([size, *waiting]), self._journals.positions())
            if not waiting or self._evidence.size == at:
                break
        whole = self.positions()
        if self.complete and all(whole.get(name, 0) >= last for name, last in durable.items()):
            self.level_at = began
        return moved or self._evidence.size > before

    def turn(self) -> Iterator[None]:
        """Bring the whole files of the copy to those of one moment. The caller must call round() between two steps."""
        gaps = self._journals.gaps()
        moment = self._contents.moment()
        if moment is None:
            return
        if not self._met:
            self._meet(moment.whole)
        put = [path for path, stamp in moment.whole.items() if self._sent.get(path) != stamp]
        gone = [path for path in self._sent if path not in moment.whole]
        gone += [path for path in self._journals.copied if path not in moment.logs]
        if not put and not gone and not gaps and self.complete:
            return
        for path in put:
            try:
                for stamp in send_file(self._link, self._data, path):
                    if stamp != moment.whole[path]:
                        return  # it was replaced meanwhile: the next turn looks again
                    yield
            except FileNotFoundError:
                return
        yield from self._until_covered()
        head = {"do": "turn", "put": put, "gone": gone, "said": self._statement(moment.whole)}
        while self._link.ask(head).get("busy"):
            yield
        self._sent.update({path: moment.whole[path] for path in put})
        for path in gone:
            self._sent.pop(path, None)
        self._journals.copied.difference_update(gone)
        self._journals.close_gaps(gaps)
        self.complete = True

    def _until_covered(self) -> Iterator[None]:
        durable, size = journal.durable(self._data), integrated_count(self._data)
        while self._evidence.size < size or any(self._journals.positions().get(n, 0) < last for n, last in durable.items()):
            yield

    def _meet(self, whole: dict[str, Stamp]) -> None:
        """Compare whole files of the copy with ours; files that we do not have are removed."""
        for path, (size, mark) in self._held.items():
            if contents.is_log(path) or contents.is_spool(path):
                continue
            here = whole.get(path)
            same = here is not None and here[0] == size and copy_folder.mark(self._data / path, size, log=False) == mark
            self._sent[path] = here if here is not None and same else (0, 0, 0)
        self._met = True

    def _statement(self, whole: dict[str, Stamp]) -> dict[str, Any]:
        """The state that an installation made from the copy must reach."""
        return {
            "at": self._clock(),
            "epoch": epoch.read(self._data).number,
            "segments": sum(path.endswith(".seg") for path in whole),
            "records": self._journals.positions(),
            "entries": self._evidence.size,
        }
