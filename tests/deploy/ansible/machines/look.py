"""Run on a machine, after a line that names SECRETS: prints where one of them stands that is no file of root alone."""

import pathlib
import subprocess

SECRETS: tuple[str, ...]
FOLDERS = (
    "/var/lib/retail-inventory",
    "/etc/systemd",
    "/etc/nginx",
    "/usr/local",
    "/var/log",
    "/etc/retail-inventory",
)
OWN = {"/etc/retail-inventory/pgpass", "/etc/retail-inventory/token"}


def holds(content: bytes) -> bool:
    return any(secret.encode() in content for secret in SECRETS)  # noqa: F821  (a line before these names them)


for folder in FOLDERS:
    for path in pathlib.Path(folder).rglob("*"):
        if path.is_file() and not path.is_symlink() and str(path) not in OWN and holds(path.read_bytes()):
            print(path)
for process in pathlib.Path("/proc").glob("[0-9]*"):
    for name in ("environ", "cmdline"):
        try:
            if holds((process / name).read_bytes()):
                print(process / name)
        except OSError:
            pass  # It has ended.
if holds(subprocess.run(["journalctl", "--output=cat", "--no-pager"], capture_output=True).stdout):
    print("journal")
