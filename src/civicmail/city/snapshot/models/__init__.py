"""Tables of what was published."""

from civicmail.city.snapshot.models.doors import Publication as Publication
from civicmail.city.snapshot.models.doors import Untold as Untold
