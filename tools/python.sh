#!/bin/sh
# Prints the path of a Python 3.12 or newer that can make a virtual environment; else says how to get one and ends with 1.
# Each candidate is run: names that pyenv or a half-removed package leaves behind prove nothing.
works() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 12))' 2>/dev/null
}
for name in ${CIVICMAIL_PYTHON:-} python3.14 python3.13 python3.12 /usr/bin/python3.1? /usr/local/bin/python3.1? python3 /usr/bin/python3 \
    "$HOME"/.pyenv/versions/3.1[2-9]*/bin/python3 python; do
    place=$(command -v "$name" 2>/dev/null) || continue
    if works "$place"; then
        "$place" -c 'import sys; print(sys.executable)'
        exit 0
    fi
done
newest=$(apt-cache pkgnames python3.1 2>/dev/null | grep -x 'python3\.1[2-9]' | sort -V | tail -n 1)
{
    echo "Civicmail needs Python 3.12 or newer that can make virtual environments (modules venv and ensurepip); none was found."
    if [ -n "$newest" ]; then
        echo "Here the packages $newest and $newest-venv bring one:  apt-get install $newest $newest-venv"
    else
        echo "Debian 13 and Ubuntu 24.04 bring one with:  apt-get install python3 python3-venv"
        echo "On older systems take one from https://www.python.org or pyenv, and name it:  make CIVICMAIL_PYTHON=/path/to/python3 setup"
    fi
} >&2
exit 1
