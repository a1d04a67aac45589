"""The rows of this room."""

from __future__ import annotations

from civicmail.desk.holding.models.approvals import Approval as Approval
from civicmail.desk.holding.models.approvals import ApprovalCopy as ApprovalCopy
from civicmail.desk.holding.models.approvals import AskedDepartment as AskedDepartment
from civicmail.desk.holding.models.approvals import StandingApproval as StandingApproval
from civicmail.desk.holding.models.approvals import UnaskedDepartment as UnaskedDepartment
from civicmail.desk.holding.models.cases import Containment as Containment
from civicmail.desk.holding.models.cases import Contest as Contest
from civicmail.desk.holding.models.cases import Digest as Digest
from civicmail.desk.holding.models.cases import Finding as Finding
from civicmail.desk.holding.models.cases import Forwarded as Forwarded
from civicmail.desk.holding.models.cases import Heard as Heard
from civicmail.desk.holding.models.cases import PickUp as PickUp
from civicmail.desk.holding.models.cases import PickUpOpening as PickUpOpening
from civicmail.desk.holding.models.cases import PickUpReply as PickUpReply
from civicmail.desk.holding.models.cases import Precision as Precision
from civicmail.desk.holding.models.cases import Release as Release
from civicmail.desk.holding.models.cases import Untold as Untold
from civicmail.desk.holding.models.cases import Verification as Verification
