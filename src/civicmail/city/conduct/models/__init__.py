"""Rows of reviews, violations and statements. Every write is a verb of `actions`."""

from civicmail.city.conduct.models.statements import DailyMail as DailyMail
from civicmail.city.conduct.models.statements import Statement as Statement
from civicmail.city.conduct.models.violations import Evidence as Evidence
from civicmail.city.conduct.models.violations import Violation as Violation
