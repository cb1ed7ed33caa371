#!/bin/sh
# Whether this container is well: one that serves answers; any other is well while it runs.
tr '\0' '\n' </proc/1/cmdline | grep -qx serve || exit 0
port=$(tr '\0' '\n' </proc/1/cmdline | sed -n '/^--port$/{n;p;}; s/^--port=//p')
scheme=$(tr '\0' '\n' </proc/1/cmdline | sed -n 's/^--tls-certificate\(=.*\)\{0,1\}$/https/p')
exec python - "${scheme:-http}://127.0.0.1:${port:-8501}/healthz" <<'PYTHON'
import ssl
import sys
import urllib.request

# Whoever answers here is this container; its certificate names how others reach it.
urllib.request.urlopen(sys.argv[1], timeout=4, context=ssl._create_unverified_context())
PYTHON
