"""Rules as data that turn findings and facts into one disposition per recipient. Pure: now is an argument."""
