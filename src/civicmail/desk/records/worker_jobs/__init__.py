"""Jobs of the records desk in the city worker."""
