"""Run inside a container: asks its service once it has a pair, and prints status and body. PATH [HEADER: VALUE]..."""

import sys
import time
import urllib.error
import urllib.request


def main() -> None:
    path, *headers = sys.argv[1:]
    given = dict(header.split(": ", 1) for header in headers)
    for _ in range(120):
        try:
            with urllib.request.urlopen(
                urllib.request.Request(f"http://127.0.0.1:8501{path}", headers=given)
            ) as reply:
                print(reply.status, reply.read().decode())
                return
        except urllib.error.HTTPError as error:
            if error.code != 503:
                print(error.code)
                return
        except OSError:
            pass  # It does not listen yet.
        time.sleep(1)


main()
