"""A back-up's file: what goes in comes out, and what is not whole is refused, wherever it is hurt."""

from __future__ import annotations

import errno
import gzip
import io
import json
import random
import tarfile
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import UserError
from pipeline.operations.backup.archive import unpack, writing
from pipeline.operations.backup.manifest import FORMAT, HEADER_FILE, MANIFEST_FILE, Header

HEADER = Header(made_at=datetime(2026, 3, 7, 2, tzinfo=timezone.utc), workspace="/shop", revision="0015")
KNOWN = {"0014", "0015"}
IDENTITY = pyrage.x25519.Identity.generate()
RECIPIENT = str(IDENTITY.to_public())


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tree")
    (root / "pairs" / "7").mkdir(parents=True)
    (root / "pairs" / "7" / "model").write_bytes(bytes(range(256)) * 40)
    (root / "pairs" / "ünder [x] $1").write_text("größer\n")
    (root / "empty").mkdir()
    (root / "nothing").touch()
    (root / "current").symlink_to("pairs/7")
    return root


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("key") / "key.txt"
    file.write_text(f"# made for a test\n{IDENTITY}\n")
    return file


def packed(tree: Path, recipients: tuple[str, ...] = (), header: Header = HEADER) -> bytes:
    out = io.BytesIO()
    with writing(out, header, recipients) as writer:
        writer.add("workspace", tree)
        writer.end({}, ())
    return out.getvalue()


def content(root: Path) -> dict[str, bytes | str | None]:
    return {
        str(path.relative_to(root)): f"-> {path.readlink()}"
        if path.is_symlink()
        else None
        if path.is_dir()
        else path.read_bytes()
        for path in root.rglob("*")
    }


def unpacked(backup: bytes, folder: Path, key: Path | None = None) -> dict[str, bytes | str | None]:
    file, target = folder / "backup", folder / "target"
    file.write_bytes(backup)
    target.mkdir()
    header, manifest = unpack(file, key, target, KNOWN)
    assert header == HEADER
    assert set(manifest.links) == {"workspace/current"}
    return content(target / "workspace")


@pytest.mark.parametrize("recipients", [(), (RECIPIENT,)], ids=["open", "encrypted"])
def test_what_goes_in_comes_out(tree: Path, key: Path, tmp_path: Path, recipients: tuple[str, ...]) -> None:
    made = packed(tree, recipients)
    assert unpacked(made, tmp_path, key) == content(tree)
    assert (b"age-encryption" in made) == bool(recipients)


@pytest.mark.parametrize("recipients", [(), (RECIPIENT,)], ids=["open", "encrypted"])
@given(data=st.data())
def test_what_is_hurt_or_cut_off_is_refused_or_equal_all_the_same(
    tree: Path,
    key: Path,
    tmp_path_factory: pytest.TempPathFactory,
    recipients: tuple[str, ...],
    data: st.DataObject,
) -> None:
    made = packed(tree, recipients)
    # Encrypted twice, a back-up is of two lengths.
    place = int(data.draw(st.floats(0, 1, exclude_max=True)) * len(made))
    hurt = data.draw(
        st.sampled_from([made[:place], made[:place] + bytes([made[place] ^ 0x15]) + made[place + 1 :]])
    )
    folder = tmp_path_factory.mktemp("hurt")
    try:
        found = unpacked(hurt, folder, key)
    except UserError as error:
        said = str(error)
    else:
        # Of gzip's own header some bytes say nothing.
        assert found == content(tree)
        said = str(folder / "backup")
    assert said.startswith(str(folder / "backup"))
    assert "\n" not in said


def test_who_has_no_key_or_another_one_is_told_so(tree: Path, tmp_path: Path) -> None:
    file, target = tmp_path / "backup", tmp_path / "target"
    file.write_bytes(packed(tree, (RECIPIENT,)))
    other, none = tmp_path / "other.txt", tmp_path / "none.txt"
    other.write_text(f"{pyrage.x25519.Identity.generate()}\n")
    none.write_text("AGE-SECRET-KEY-1WRONG\n")
    for identity, said in (
        (None, "give the file with the secret key"),
        (other, "holds no key that it is encrypted for"),
        (none, "holds no secret key of age or SSH"),
        (tmp_path / "nowhere", "cannot be read"),
    ):
        with pytest.raises(UserError, match=said) as raised:
            unpack(file, identity, target, KNOWN)
        assert "WRONG" not in str(raised.value)
    assert not target.exists()


def rewritten(members: list[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb") as zipped, tarfile.open(fileobj=zipped, mode="w|") as tar:
        for info, text in members:
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text))
    return out.getvalue()


def _member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


BEGIN = (_member(HEADER_FILE), HEADER.model_dump_json().encode())


def _header(**changes: object) -> list[tuple[tarfile.TarInfo, bytes]]:
    return [(_member(HEADER_FILE), json.dumps(json.loads(HEADER.model_dump_json()) | changes).encode())]


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ([(_member("photo.jpg"), b"x")], "is no back-up of retail-inventory"),
        ([], "is no back-up of retail-inventory"),
        ([(_member(HEADER_FILE), b"{}")], "is no back-up of retail-inventory"),
        (_header(format=FORMAT + 1), "newer version"),
        (_header(format=FORMAT + 1, further="unknown"), "newer version"),
        (_header(revision="9999"), "newer version"),
        ([BEGIN], "its end is missing"),
        ([BEGIN, (_member("../outside"), b"x")], "which no back-up of ours does"),
        ([BEGIN, (_member("/etc/outside"), b"x")], "which no back-up of ours does"),
        ([BEGIN, (_member("link", tarfile.SYMTYPE, "../outside"), b"")], "which no back-up of ours does"),
        ([BEGIN, (_member("a/link", tarfile.SYMTYPE, "/etc/passwd"), b"")], "which no back-up of ours does"),
        ([BEGIN, (_member("pipe", tarfile.FIFOTYPE), b"")], "which no back-up of ours does"),
        ([BEGIN, (_member("a"), b"1"), (_member(MANIFEST_FILE), b"{")], "damaged"),
    ],
)
def test_what_is_foreign_newer_or_wants_out_is_refused(
    members: list[tuple[tarfile.TarInfo, bytes]], said: str, tmp_path: Path
) -> None:
    file, target = tmp_path / "backup", tmp_path / "target"
    file.write_bytes(rewritten(members))
    target.mkdir()
    with pytest.raises(UserError, match=said):
        unpack(file, None, target, KNOWN)
    assert sorted(tmp_path.iterdir()) == [file, target]
    assert {path.name for path in target.rglob("*")} <= {"a"}


def test_a_file_that_is_not_as_the_manifest_has_it_is_named(tree: Path, tmp_path: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(packed(tree))) as tar:
        members = [
            (info, file.read() if info.isfile() and (file := tar.extractfile(info)) else b"") for info in tar
        ]
    changed = [(info, b"other" if info.name.endswith("/model") else text) for info, text in members]
    (tmp_path / "backup").write_bytes(rewritten(changed))
    with pytest.raises(
        UserError, match=r"1 file\(s\) in it are not as they were, such as workspace/pairs/7/model"
    ):
        unpack(tmp_path / "backup", None, tmp_path, KNOWN)


class Full(io.BytesIO):
    """A disk with room for so many bytes."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self._room = room

    def write(self, block: Any) -> int:
        self._room -= len(block)
        if self._room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return len(block)


@pytest.mark.parametrize("recipients", [(), (RECIPIENT,)], ids=["open", "encrypted"])
@pytest.mark.parametrize("room", [0, 500, 100_000])
def test_a_full_disk_is_the_disks_error(tmp_path: Path, recipients: tuple[str, ...], room: int) -> None:
    (tmp_path / "large").write_bytes(random.Random(0).randbytes(3_000_000))
    with (
        pytest.raises(OSError, match="No space left") as raised,
        writing(Full(room), HEADER, recipients) as writer,
    ):
        writer.add("workspace", tmp_path)
    assert raised.value.errno == errno.ENOSPC
