"""A proposal of disposal: write the manifest of what is due, unless it is more of the archive than one proposal may list.

The limit is for schedules that are wrong: one that would dispose of everything is noticed before anybody approves it (P-23).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from civicmail.core.disk.files import OS_FILES, Files
from civicmail.mail.archive import manifests
from civicmail.mail.archive.dispose import Examination, Outcome
from civicmail.mail.archive.errors import NotDisposed, TooMuch
from civicmail.mail.archive.holds import Viewer
from civicmail.mail.archive.manifests import WHOLE, Line, Manifest, Part
from civicmail.mail.archive.store import Store

LINES_MOST = 1_000_000
"""Captures that one manifest may list."""
_LARGEST = 5  # groups that an error names


@dataclass(frozen=True, slots=True)
class Limit:
    """share: of all captures that open proposals may list together, above 0 and below 1; None: no limit, for tests."""

    share: float | None

    def most(self, total: int) -> int:
        """One capture may always be proposed, unless it is the only one."""
        if self.share is None:
            return total
        return max(0, min(max(1, int(total * self.share)), total - 1))


def propose(
    data: Path,
    *,
    now: int,
    view: Viewer,
    limit: Limit,
    part: Part = WHOLE,
    besides: Collection[str] = (),
    files: Files = OS_FILES,
) -> Manifest:
    """Write the manifest of what is due now. besides: digests of proposals that are open; what they list is not listed again, and
    counts toward the limit.

    Raises TooMuch, NotDisposed where nothing is due or no schedules were adopted, LeaseHeld while another one is made.
    """
    listed = {UUID(line.id).bytes for digest in besides for line in manifests.lines(data, manifests.read(data, digest))}

    def allow(manifest: Manifest) -> None:
        if not manifest.captures and not manifest.pieces:
            stays = f" What stays: {_counts(manifest.kept)}." if manifest.kept else ""
            raise NotDisposed(f"Nothing was proposed, because nothing is due.{stays}")
        _limit(manifest, len(listed), limit)

    draft = _Draft(data, now, view, part, listed)
    return manifests.write(data, draft.manifest, draft.lines(manifests.key_of(data, files)), lambda m: allow(draft.count(m)), files)


class _Draft:
    """The captures that a manifest will list, judged one after another."""

    def __init__(self, data: Path, now: int, view: Viewer, part: Part, listed: set[bytes]) -> None:
        self._examination = Examination(Store(data), view, now)
        self._outcome = Outcome()
        self._part = part
        self._listed = listed
        version = manifests.text_digest(self._examination.text)
        self.manifest = Manifest(now, version, manifests.series_of(self._examination.schedules), part)

    def lines(self, key: bytes) -> Iterator[Line]:
        most = self._part.most or LINES_MOST + 1
        for item in self._examination.due(self._outcome, self._part.year):
            if self._part.class_ and item.decision.class_ != self._part.class_:
                continue
            if item.id in self._listed:
                self._outcome.keep("proposed")
                continue
            if self.manifest.captures >= most:
                return
            yield manifests.line_of(item, key)

    def count(self, manifest: Manifest) -> Manifest:
        """Add what no line has."""
        if self._part.has_pieces:
            manifest.pieces = [piece.plain for piece in self._examination.debris(self._outcome)]
        manifest.kept = dict(self._outcome.kept)
        manifest.total = self._examination.store.count()
        return manifest


def _limit(manifest: Manifest, besides: int, limit: Limit) -> None:
    count = manifest.captures + besides
    if manifest.captures > LINES_MOST:
        raise TooMuch(f"Nothing was proposed: one proposal lists at most {LINES_MOST:,} captures. {_PARTS}")
    if count <= limit.most(manifest.total) or not manifest.captures:
        return
    share = f"{count:,} of {manifest.total:,} captures"
    what = "everything" if count >= manifest.total else f"{share} ({100 * count // manifest.total} %)"
    open_ = f", {besides:,} of them in proposals that are open" if besides else ""
    raise TooMuch(
        f"Nothing was proposed: this would dispose of {what}{open_}. At most {limit.most(manifest.total):,} may be proposed at a "
        f"time (archive.disposal_share_most). Check the schedules first. {_PARTS} Largest: {_largest(manifest)}."
    )


_PARTS = "If they are right, propose a part: one class, one year of receipt, or fewer captures."


def _largest(manifest: Manifest) -> str:
    groups = [(n, class_, year) for class_, years in manifest.figures.items() for year, n in years.items()]
    return ", ".join(f"{class_} of {year} ({n:,})" for n, class_, year in sorted(groups, reverse=True)[:_LARGEST]) or "none"


def _counts(kept: dict[str, int]) -> str:
    return ", ".join(f"{n:,} {why}" for why, n in sorted(kept.items()))
