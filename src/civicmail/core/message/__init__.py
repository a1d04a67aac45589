"""A message as data. Bytes go in, a Letter comes out, whatever the bytes are; what is wrong is listed as defects.

Pure: no file, no clock, no network. The shapes that every other room shares are in shapes.py."""
