"""Tables of accounts, examinations and entries. Triggers on both databases protect entries (A3)."""

from civicmail.city.guard.models.accounts import Account as Account
from civicmail.city.guard.models.accounts import AccountNews as AccountNews
from civicmail.city.guard.models.accounts import Accounts as Accounts
from civicmail.city.guard.models.accounts import Failure as Failure
from civicmail.city.guard.models.accounts import Identity as Identity
from civicmail.city.guard.models.accounts import Invitation as Invitation
from civicmail.city.guard.models.accounts import Place as Place
from civicmail.city.guard.models.accounts import Throttle as Throttle
from civicmail.city.guard.models.entries import Begun as Begun
from civicmail.city.guard.models.entries import Carried as Carried
from civicmail.city.guard.models.entries import Entry as Entry
from civicmail.city.guard.models.mandates import Amendment as Amendment
from civicmail.city.guard.models.mandates import Mandate as Mandate
from civicmail.city.guard.models.mandates import MandateYear as MandateYear
from civicmail.city.guard.models.mandates import Protection as Protection
from civicmail.city.guard.models.mandates import Subject as Subject
