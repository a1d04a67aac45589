"""Find the words of a redaction in the other documents of its request, so that a quote does not tell what its source hides.

The index names the candidates within the scope; their own words decide.
"""

from __future__ import annotations

from civicmail.city.guard.errors import Unusable
from civicmail.core.query.fold import tokens
from civicmail.core.query.tree import Words
from civicmail.core.redaction.surviving import words_of
from civicmail.desk.records import marked_text
from civicmail.desk.records.actions.redactions import Place, present
from civicmail.desk.records.models import Item, Request
from civicmail.desk.records.preview import shapes_of
from civicmail.desk.records.queries.reading import Reading

MAX_MESSAGES = 500
"""Messages that are read in one act."""


def places_of(request: Request, phrase: str, opened: Reading) -> list[Place]:
    """Every place of a phrase in the documents of a request that no redaction covers yet. Raises Unusable if they are too many."""
    sought = tokens(phrase)
    if not sought:
        return []
    captures = opened.matching(Words("", sought), MAX_MESSAGES + 1)
    if len(captures) > MAX_MESSAGES:
        raise Unusable(f"More than {MAX_MESSAGES} messages have these words: redact longer ones.")
    found: dict[str, list[Place]] = {}
    for item in Item.objects.filter(request=request, capture__in=captures).order_by("number"):
        if item.content not in found and (document := opened.file(item).document) is not None:
            covered = {n for shape in shapes_of(request, present(request, [item.content])) for n in words_of(document, shape)}
            found[item.content] = [
                Place(item.content, first, last, document.words[first].page)
                for first, last in marked_text.phrases(document, phrase)
                if not covered.issuperset(range(first, last + 1))
            ]
    return [place for places in found.values() for place in places]
