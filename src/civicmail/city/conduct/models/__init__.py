"""Rows of reviews, violations, statements and leavers; only the verbs of `actions` write them."""

from civicmail.city.conduct.models.offboarding import Closure as Closure
from civicmail.city.conduct.models.offboarding import Leaver as Leaver
from civicmail.city.conduct.models.offboarding import OutsideAccount as OutsideAccount
from civicmail.city.conduct.models.offboarding import OutsideDoor as OutsideDoor
from civicmail.city.conduct.models.offboarding import OutsideEnding as OutsideEnding
from civicmail.city.conduct.models.reviews import Essential as Essential
from civicmail.city.conduct.models.reviews import Review as Review
from civicmail.city.conduct.models.reviews import ReviewPart as ReviewPart
from civicmail.city.conduct.models.reviews import ReviewRow as ReviewRow
from civicmail.city.conduct.models.reviews import ReviewStep as ReviewStep
from civicmail.city.conduct.models.statements import DailyMail as DailyMail
from civicmail.city.conduct.models.statements import Statement as Statement
from civicmail.city.conduct.models.violations import Evidence as Evidence
from civicmail.city.conduct.models.violations import Violation as Violation
