"""Pages of this room; each asks the guard first. city/pages has what pages of all rooms need."""
