"""Where people decide: reading their own mail, looking at other people's for a reason, holding and releasing."""
