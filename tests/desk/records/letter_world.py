"""A request in review under either law pack, with decided items and a requester who gave an address."""

from __future__ import annotations

from typing import Any

from civicmail.city.law.pack import LawPack
from civicmail.desk.records.actions import letters
from civicmail.desk.records.models import Contact, Decision, FeeEvent, FeeLine, Letter, Request, SubjectNotice
from desk.records.review_world import Desk

EMAIL = "robin@resident.example"
REASON = "It describes the price formula of the bidder."


class Correspondence(Desk):
    """Items 1 and 2 are released, 3 is withheld with a code of the pack and a reason; no letter, charge or notice yet."""

    def __init__(self, city: Any, law: LawPack) -> None:
        super().__init__(city)
        self.law = law
        for model in (Letter, FeeLine, FeeEvent, SubjectNotice):
            model.objects.filter(request=self.request).delete()
        Contact.objects.filter(request=self.request).update(email=EMAIL, postal="")
        self.request.pauses.all().delete()
        Request.objects.filter(pk=self.request.pk).update(law=law.name, law_version=law.version)
        self.request.refresh_from_db()
        self.code = next(code for code in law.codes if code.kind == "exemption" and not code.needs)
        for number in (1, 2, 3):
            self.item(number)
        self.decide(1, "release")
        self.decide(2, "release")
        self.decide(3, "withhold", code=self.code.id, reason=REASON)

    def decide(self, number: int, verdict: str, **more: Any) -> Decision:
        content = self.request.items.get(number=number).content
        Decision.objects.filter(request=self.request, content=content, replaced=None).update(replaced=self.city.now)
        recorder = self.city.people["recorder"]
        return Decision.objects.create(
            request=self.request, content=content, verdict=verdict, by=recorder, at=self.city.now, **more
        )

    def release_everything(self) -> None:
        self.decide(3, "release")

    def row(self) -> Request:
        return Request.objects.get(pk=self.request.pk)

    def write(self, kind: str, **answers: str) -> Letter:
        """A draft in which what a person writes is written. answers: blank -> words."""
        letter = letters.write(self.row(), kind, actor=self.actor(), now=self.now())
        text = letter.text
        for blank, words in answers.items():
            assert f"[{blank.replace('_', ' ')}]" in text, (blank, text)
            text = text.replace(f"[{blank.replace('_', ' ')}]", words)
        return self.change(letter, text) if answers else letter

    def change(self, letter: Letter, text: str) -> Letter:
        return letters.change(letter, text, actor=self.actor(), now=self.now())

    def submit(self, letter: Letter) -> Letter:
        return letters.submit(letter, actor=self.actor(), now=self.now())

    def send(self, letter: Letter) -> Letter:
        return letters.send(letter, actor=self.actor(), now=self.now())

    def approve(self, letter: Letter, key: str = "attorney") -> Letter:
        return letters.approve(letter, actor=self.actor(key), now=self.now())

    def missing(self, letter: Letter) -> list[str]:
        return letters.case(letter).problems(letter)
