"""The files of a production: numbers, lists, load files and the package that leaves. Nothing here knows Django or opens mail."""
