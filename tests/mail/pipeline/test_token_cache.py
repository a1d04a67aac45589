"""What the learner knows of a message it has read in limited processes."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from civicmail.mail.pipeline import fingerprint_client
from civicmail.mail.pipeline.fingerprints import SERVICE
from civicmail.mail.pipeline.learning_job import SAVE_MS, LearnJob
from civicmail.mail.screening import model
from mail.archive import making
from mail.pipeline.post import CITY, Mail
from mail.sick import SICK, pool


@pytest.mark.rule("P-02", "A message that crashes its reader teaches the learner nothing, and delays nothing.")
def test_what_brings_its_reader_down_teaches_nothing_and_holds_up_nothing(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was said of other messages is learnt."""
    with closing(pool(SERVICE, what="os.abort()")) as readers, closing(Mail(data)) as post:
        monkeypatch.setattr(fingerprint_client, "pool", lambda: readers)
        post.called(post.comes(SICK), spam=True)
        post.many(0, ham=6, spam=6)
        with closing(LearnJob(data, CITY, post.now + 1, making.UNSYNCED)) as job:
            while job.step(post.now + 1):
                pass
            job.step(post.now + SAVE_MS + 1)
            published = model.read(data)
    assert (published.ham, published.spam) == (6, 6)
