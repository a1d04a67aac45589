"""An index of many texts by their near-duplicate bands (bands.py): two sorted arrays that a file can hold. Immutable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from civicmail.mail.screening.bands import ALIKE, BANDS

Keys = NDArray[np.uint64]
MAX_TEXTS_PER_BAND = 64
"""Texts counted for one band. The first of thousands of copies of a text is enough."""


@dataclass(frozen=True, slots=True)
class NearDuplicateIndex:
    """keys: bands, sorted; owners: for each band the number of its text, from 0."""

    keys: Keys = field(default_factory=lambda: np.zeros(0, np.uint64))
    owners: NDArray[np.uint32] = field(default_factory=lambda: np.zeros(0, np.uint32))

    @classmethod
    def from_texts(cls, texts: Iterable[Keys]) -> NearDuplicateIndex:
        """Build an index. texts: the bands of each text."""
        every = list(texts)
        if not every:
            return cls()
        keys = np.concatenate(every)
        owners = np.repeat(np.arange(len(every), dtype=np.uint32), [len(text) for text in every])
        order = np.argsort(keys, kind="stable")
        return cls(keys[order], owners[order])

    def best_match(self, text: Keys) -> int:
        """The number of bands that the most similar text shares with this one."""
        matches: Counter[int] = Counter()
        if not len(self.keys):
            return 0
        low, high = np.searchsorted(self.keys, text, "left"), np.searchsorted(self.keys, text, "right")
        for a, b in zip(low.tolist(), high.tolist(), strict=True):
            matches.update(self.owners[a : min(b, a + MAX_TEXTS_PER_BAND)].tolist())
        return max(matches.values(), default=0)

    def has_near_duplicate(self, text: Keys) -> bool:
        """Whether one of the texts is a near-duplicate of this one."""
        return self.best_match(text) >= ALIKE

    def arrays(self, name: str) -> dict[str, NDArray[Any]]:
        return {f"{name}.keys": self.keys, f"{name}.owners": self.owners}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], name: str) -> NearDuplicateIndex:
        return cls(arrays[f"{name}.keys"], arrays[f"{name}.owners"])


def keys_of(plain: object) -> Keys:
    """The bands of a text from their plain form (bands.compute). Raises ValueError or TypeError for anything else."""
    if not isinstance(plain, list) or len(plain) not in (0, BANDS):
        raise ValueError("a text has eight bands or none")
    return np.array([int.from_bytes(bytes.fromhex(band)) for band in plain], np.uint64)
