"""The figures of spam are what they say (P-02), and on a sample of real mail the learner is what the table says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from bench.report import Report
from bench.spam import lost_area, missed, run


def test_the_lost_area_is_how_often_good_mail_lies_above_spam() -> None:
    spam = np.array([False, False, True, True])
    assert lost_area(np.array([1.0, 2, 3, 4]), spam) == 0 and lost_area(np.array([4.0, 3, 2, 1]), spam) == 100
    assert lost_area(np.array([1.0, 3, 2, 4]), spam) == 25 and lost_area(np.array([1.0, 1, 1, 1]), spam) == 50


def test_what_is_missed_is_the_spam_below_the_edge() -> None:
    good, bad = np.arange(1000.0), np.array([500.0, 998.5, 999.5, 2000.0])
    spam = np.arange(1004) >= 1000
    scores = np.concatenate([good, bad])
    assert missed(scores, spam, 0.0) == 50 and missed(scores, spam, 0.001) == 25 and missed(scores, spam, 0.5) == 0


@pytest.mark.corpora
def test_on_a_sample_of_real_mail_the_learner_is_good(corpora: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = Report()
    run(report, small=True, peers=False)
    rows = {row.what: row.value for row in report.rows}
    assert rows["alone, no near copies, 1-AUC"] <= 1.0
    assert rows["later good mail called spam"] <= 0.5, "one of some six hundred is more than one in a thousand"
    assert rows["tokens and bands, mean"] <= 10
