"""Parse messages. Any bytes give a ParsedMessage, with its errors listed as defects.

Pure: no file, no clock, no network. model.py has the types that other rooms share.
"""
