#!/bin/sh
# Finds any Python that can run the set-up script; that script then finds the Python the project needs.
set -u
here=$(dirname "$0")
# Bytecode halves the start of every command; an environment that forbids it would cost that on each run.
unset PYTHONDONTWRITEBYTECODE

runs() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 6))' >/dev/null 2>&1; }

for candidate in python3 python3.13 python3.12 python3.10 python3.11 python \
    "${PYENV_ROOT:-${HOME:-}/.pyenv}"/versions/3.*/bin/python3; do
    if runs "$candidate"; then
        exec "$candidate" "$here/setup_environment.py" "$@"
    fi
done
echo "No Python 3 that runs was found: install one (on Debian and Ubuntu: apt install python3 python3-venv) and run this again." >&2
exit 2
