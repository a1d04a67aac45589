"""What identity providers really send, step by step (recordings/*.toml, made from their documentation)."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from civicmail.city.directory.models import Department, Episode
from front.web.scim.conftest import Provider

RECORDINGS = sorted(Path(__file__).with_name("recordings").glob("*.toml"))


@pytest.mark.rule("P-08", 'Real requests of Entra and Okta are understood, including the text "False".')
@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda p: p.stem)
def test_a_recording_is_answered_step_by_step(recording: Path, provider: Provider, crowd: Department) -> None:
    """Quirks of providers are understood, and who is active there works here."""
    ids: dict[str, str] = {}
    for step in tomllib.loads(recording.read_text())["step"]:
        method, path = _filled(step["ask"], ids).split(" ", 1)
        body = json.loads(_filled(step["body"], ids)) if "body" in step else None
        status, said = provider.ask(method, path, body)
        assert status == step["status"], f"{step['why']}: {said}"
        if "keep" in step:
            ids[step["keep"]] = said["id"]
        assert {k: said[k] for k in step.get("answer", {})} == step.get("answer", {}), step["why"]
        for uid, department in step.get("people", {}).items():
            open_ = Episode.objects.filter(person__uid=uid, ended__isnull=True).values_list("department__code", flat=True)
            assert list(open_) == ([department] if department else []), step["why"]


def _filled(text: str, ids: dict[str, str]) -> str:
    for name, value in ids.items():
        text = text.replace(f"{{{name}}}", value)
    return text
