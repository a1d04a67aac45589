"""The made city of the benchmark of people."""

from __future__ import annotations

from bench.town import DEPARTMENTS, LARGEST, PEOPLE, UNDER_CONTRACT, personnel_list

from civicmail.city.directory import feed_file


def test_the_personnel_list_is_whole_and_the_same_for_the_same_seed() -> None:
    content = personnel_list(PEOPLE)
    assert content == personnel_list(PEOPLE) != personnel_list(PEOPLE, seed=2)
    feed = feed_file.read(content)
    assert len(feed.rows) == PEOPLE and not feed.refused
    assert {row.kind for row in feed.rows} == set(feed_file.KINDS)
    assert all(bool(row.contract) == (row.kind in UNDER_CONTRACT) for row in feed.rows)
    sizes = [sum(row.department == f"d-{n:02}" for row in feed.rows) for n in range(DEPARTMENTS)]
    assert sizes[0] == LARGEST and min(sizes) > 100
