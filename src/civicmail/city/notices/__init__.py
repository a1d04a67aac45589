"""Mail of our own as data: what the system tells people is a row until the city worker sends it through the pipeline, once."""
