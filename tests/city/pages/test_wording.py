"""What rules say, in the language of the page."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.utils import translation

from civicmail.city.guard.access_status import MailFacts, why_refused
from civicmail.city.guard.roles import ROLES
from civicmail.city.pages import wording
from civicmail.core.config.sentence import sentence
from civicmail.core.query.errors import QueryError
from civicmail.core.query.parse import parse


def test_a_sentence_is_looked_up_with_what_stands_in_it() -> None:
    """Dates, sentences inside sentences, and small letters, each as the language has them."""
    ended = why_refused(MailFacts(ended=date(2026, 3, 2), employed=False), 0)
    role = sentence("Activate the role {role} first, with a reason.", role=ROLES["records-officer"].name.lower())
    assert wording.translate(ended) == "Your access to the city's mail ended on Mar 2, 2026; ask the access office (P-08)."
    assert wording.translate(role) == "Activate the role records officer first, with a reason."
    with translation.override("es"):
        assert (
            wording.translate(ended)
            == "Su acceso al correo de la ciudad terminó el 2 mar 2026; pregunte a la oficina de acceso (P-08)."
        )
        assert wording.translate(role) == "Primero active la función oficial de documentos públicos, con un motivo."


def test_what_no_catalogue_has_stays_as_it_is_and_nothing_is_nothing() -> None:
    with translation.override("es"):
        assert wording.translate("Written by a person.") == "Written by a person."
        assert wording.translate("") == wording.translate(None) == "", "the catalogue has its own head under the empty text"


def test_what_is_wrong_with_a_search_is_said_in_spanish_with_the_words_of_the_search() -> None:
    with translation.override("es"):
        for words, said in (
            ("(", "El paréntesis en el carácter 1 nunca se cierra."),
            ("larger:{text}", "larger: necesita un tamaño como 10M, 200k o 4096, no “{text}” (carácter 8)."),
            ("form:ann", "No existe el operador “form:” (carácter 1); ¿quiso decir “from:”?"),
        ):
            with pytest.raises(QueryError) as problem:
                parse(words, now=datetime(2026, 3, 2, tzinfo=UTC))
            assert wording.translate(problem.value.message) == said


def test_days_are_in_the_time_zone_of_the_city() -> None:
    late = datetime(2026, 3, 3, 3, 0, tzinfo=UTC)
    assert (wording.day(late), wording.short_day(late)) == ("Mar 2, 2026", "Mar 2")
    with translation.override("es"):
        assert (wording.day(late), wording.short_day(late)) == ("2 mar 2026", "2 mar")
