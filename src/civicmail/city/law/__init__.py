"""The law as data: retention schedules that the city and its records board approved, read and reckoned with. Pure."""
