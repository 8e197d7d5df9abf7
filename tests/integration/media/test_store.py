"""Files are kept whole and on the disk, or not at all."""

import os
from pathlib import Path

import pytest

from shared.errors import OutsideAwayError
from shared.media.store import PART_BYTES, MediaStore
from shared.nameless_file import nameless_file

# In memory: another file system wherever the tests run.
OTHER_DISK = Path("/dev") / "shm"


async def read(store: MediaStore, key: str) -> bytes:
    return b"".join([piece async for piece in store.read(key)])


@pytest.mark.parametrize("size", [0, 1, PART_BYTES + 1])
async def test_what_is_kept_is_read_as_it_was(tmp_path: Path, size: int) -> None:
    file = tmp_path / "file"
    file.write_bytes(os.urandom(size))
    store = MediaStore((tmp_path / "a" / "store").as_uri())

    await store.keep("key", file)

    assert await read(store, "key") == file.read_bytes()


async def test_a_file_and_its_folder_are_on_the_disk_before_it_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    sync = os.fsync

    def note(number: int) -> None:
        synced.append(Path(f"/proc/self/fd/{number}").readlink())
        sync(number)

    monkeypatch.setattr(os, "fsync", note)
    (tmp_path / "file").write_bytes(b"x")

    await MediaStore((tmp_path / "store").as_uri()).keep("key", tmp_path / "file")

    assert synced == [tmp_path / "store" / "key", tmp_path / "store"]


async def test_a_store_that_cannot_take_or_give_is_away(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    blocked = MediaStore((tmp_path / "file").as_uri())

    with pytest.raises(OutsideAwayError):
        await blocked.keep("key", tmp_path / "file")
    with pytest.raises(OutsideAwayError):
        await read(blocked, "key")
    with pytest.raises(OutsideAwayError):
        await read(MediaStore((tmp_path / "store").as_uri()), "nothing")


async def test_what_is_dropped_is_gone_and_can_be_dropped_again(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    store = MediaStore((tmp_path / "store").as_uri())
    await store.keep("key", tmp_path / "file")

    await store.drop("key")
    await store.drop("key")

    assert list((tmp_path / "store").iterdir()) == []


async def test_a_file_that_lies_in_the_folder_without_a_name_gets_one_and_is_not_copied(
    tmp_path: Path,
) -> None:
    store = MediaStore((tmp_path / "a store").as_uri())
    assert store.folder == tmp_path / "a store"
    store.folder.mkdir()
    async with nameless_file(store.folder) as (file, path):
        file.write(b"bytes")
        file.flush()
        assert list(store.folder.iterdir()) == [], "until then nobody sees it"

        await store.keep("key", path)

        assert (store.folder / "key").stat().st_ino == os.fstat(file.fileno()).st_ino
    assert await read(store, "key") == b"bytes"


@pytest.mark.parametrize("folder", [None, Path("/nowhere"), OTHER_DISK], ids=str)
async def test_a_file_without_a_name_that_lies_elsewhere_is_copied(
    tmp_path: Path, folder: Path | None
) -> None:
    store = MediaStore((tmp_path / "store").as_uri())
    async with nameless_file(folder) as (file, path):
        file.write(b"bytes")
        file.flush()

        await store.keep("key", path)

        assert (tmp_path / "store" / "key").stat().st_ino != os.fstat(file.fileno()).st_ino
    assert await read(store, "key") == b"bytes"


async def test_what_is_kept_is_not_what_somebody_else_can_still_write(tmp_path: Path) -> None:
    store = MediaStore((tmp_path / "store").as_uri())
    (tmp_path / "file").write_bytes(b"as it was")
    await store.keep("key", tmp_path / "file")

    (tmp_path / "file").write_bytes(b"otherwise")

    assert await read(store, "key") == b"as it was"


async def test_a_file_without_a_name_never_takes_the_name_of_another(tmp_path: Path) -> None:
    store = MediaStore(tmp_path.as_uri())
    for content in (b"first", b"second"):
        async with nameless_file(store.folder) as (file, path):
            file.write(content)
            file.flush()
            if content == b"first":
                await store.keep("key", path)
            else:
                with pytest.raises(OutsideAwayError):
                    await store.keep("key", path)

    assert await read(store, "key") == b"first"


async def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "first").write_bytes(b"first")
    (tmp_path / "second").write_bytes(b"second")
    store = MediaStore((tmp_path / "store").as_uri())
    await store.keep("key", tmp_path / "first")

    with pytest.raises(OutsideAwayError):
        await store.keep("key", tmp_path / "second")

    assert await read(store, "key") == b"first"
