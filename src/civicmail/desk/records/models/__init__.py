"""Rows of the records desk. Text of mail is never in them: they name captures, parts, words and boxes."""

from __future__ import annotations

from civicmail.desk.records.models.productions import Contest, ProducedFile, Production
from civicmail.desk.records.models.publications import FormatRequest, Publication
from civicmail.desk.records.models.replies import FeeEvent, FeeLine, Letter, SubjectNotice
from civicmail.desk.records.models.requests import (
    Assignment,
    Contact,
    HeardForRecords,
    Pause,
    Reply,
    Request,
    RequestYear,
    SelfRequestStep,
)
from civicmail.desk.records.models.reviews import Decision, PersonalFlag, Redaction, Suggestion
from civicmail.desk.records.models.searches import Attestation, Hold, Item, Scope, Search

__all__ = [
    "Assignment",
    "Attestation",
    "Contact",
    "Contest",
    "Decision",
    "FeeEvent",
    "FeeLine",
    "FormatRequest",
    "HeardForRecords",
    "Hold",
    "Item",
    "Letter",
    "Pause",
    "PersonalFlag",
    "ProducedFile",
    "Production",
    "Publication",
    "Redaction",
    "Reply",
    "Request",
    "RequestYear",
    "Scope",
    "Search",
    "SelfRequestStep",
    "SubjectNotice",
    "Suggestion",
]
