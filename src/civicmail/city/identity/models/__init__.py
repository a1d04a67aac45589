"""Tables of authorizations, roles, bans and what belongs to them. Every write is a verb of `actions`."""

import civicmail.city.guard.models
import civicmail.city.snapshot.models  # noqa: F401 - tables of the same app
from civicmail.city.identity.models.bars import Bar as Bar
from civicmail.city.identity.models.bars import Undertaking as Undertaking
from civicmail.city.identity.models.endings import Ending as Ending
from civicmail.city.identity.models.endings import EndingStep as EndingStep
from civicmail.city.identity.models.hooks import Hook as Hook
from civicmail.city.identity.models.hooks import HookTold as HookTold
from civicmail.city.identity.models.policytexts import Acknowledgement as Acknowledgement
from civicmail.city.identity.models.policytexts import PolicyText as PolicyText
from civicmail.city.identity.models.replies import Answered as Answered
from civicmail.city.identity.models.replies import AutoReply as AutoReply
from civicmail.city.identity.models.replies import Forwarding as Forwarding
from civicmail.city.identity.models.replies import HeardForAnswers as HeardForAnswers
from civicmail.city.identity.models.rights import Authorization as Authorization
from civicmail.city.identity.models.rights import PersonalUse as PersonalUse
from civicmail.city.identity.models.rights import Profile as Profile
from civicmail.city.identity.models.roles import ConflictRecord as ConflictRecord
from civicmail.city.identity.models.roles import RoleActivation as RoleActivation
from civicmail.city.identity.models.roles import RoleAssignment as RoleAssignment
from civicmail.city.identity.models.tokens import Device as Device
from civicmail.city.identity.models.tokens import Token as Token
from civicmail.city.identity.models.usage import Followed as Followed
from civicmail.city.identity.models.usage import Tally as Tally
from civicmail.city.identity.models.usage import Usage as Usage
