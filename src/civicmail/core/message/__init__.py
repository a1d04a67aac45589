"""Parse messages. Any bytes give a ParsedMessage; what is wrong with them is listed as defects.

Pure: no file, no clock, no network. The shapes that every other room shares are in model.py."""
