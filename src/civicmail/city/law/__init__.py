"""The law as data: packs of public-records law and approved retention schedules, read and reckoned with. Pure."""
