"""The records desk: public-records requests from intake to release (P-20, P-21, P-24)."""
