"""What is kept in a bucket is whole, and is there only once and only when it is said to be."""

import asyncio
import hashlib
import os
import re
from pathlib import Path
from uuid import uuid4

import pytest

from shared.errors import OutsideAwayError
from shared.media.store import PART_BYTES, MediaStore
from tests.eventually import eventually
from tests.s3_server import BUCKET, S3Server, proxy_to_s3

MEBIBYTE = 1024 * 1024
LARGE = 64 * MEBIBYTE


@pytest.fixture
def prefix(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """A place of its own in the bucket, and this process's way there."""
    for name, value in s3.environment().items():
        monkeypatch.setenv(name, value)
    return f"tests/{uuid4().hex}"


@pytest.fixture
def store(prefix: str) -> MediaStore:
    return MediaStore(f"s3://{BUCKET}/{prefix}")


def write(path: Path, size: int) -> str:
    """Write random bytes; give their SHA-256."""
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for place in range(0, size, MEBIBYTE):
            piece = os.urandom(min(MEBIBYTE, size - place))
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()


async def digest_of(store: MediaStore, key: str) -> str:
    digest = hashlib.sha256()
    async for piece in store.read(key):
        digest.update(piece)
    return digest.hexdigest()


@pytest.mark.parametrize("size", [0, 1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, LARGE])
async def test_what_is_kept_is_read_as_it_was_and_can_be_dropped(
    s3: S3Server, store: MediaStore, prefix: str, tmp_path: Path, size: int
) -> None:
    written = write(tmp_path / "file", size)

    await store.keep("key", tmp_path / "file")

    assert await digest_of(store, "key") == written
    assert s3.list(prefix) == ["key"]
    await store.drop("key")
    await store.drop("key")
    assert s3.list(prefix) == []
    with pytest.raises(OutsideAwayError):
        await digest_of(store, "key")


async def test_a_large_file_passes_in_little_memory(store: MediaStore, tmp_path: Path) -> None:
    """From `/proc`: the most memory since the count was begun anew."""
    write(tmp_path / "file", LARGE)
    before = _begin_to_count()

    await store.keep("key", tmp_path / "file")
    await digest_of(store, "key")

    assert (_kilobytes("VmHWM") - before) * 1024 < 6 * PART_BYTES


def _begin_to_count() -> int:
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _kilobytes("VmRSS")


def _kilobytes(name: str) -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (found,) = re.findall(rf"^{name}:\s+(\d+) kB", status, re.MULTILINE)
    return int(found)


@pytest.mark.parametrize("size", [5, PART_BYTES])
async def test_what_is_there_is_not_written_over(
    store: MediaStore, tmp_path: Path, size: int
) -> None:
    first = write(tmp_path / "first", size)
    write(tmp_path / "second", size)
    await store.keep("key", tmp_path / "first")

    with pytest.raises(OutsideAwayError):
        await store.keep("key", tmp_path / "second")

    assert await digest_of(store, "key") == first


async def test_of_two_that_write_one_key_at_once_one_wins(
    store: MediaStore, tmp_path: Path
) -> None:
    """Up to the size of a part, where the server itself is asked."""
    digests = [write(tmp_path / str(number), 100_000) for number in range(8)]

    ends = await asyncio.gather(
        *(store.keep("key", tmp_path / str(number)) for number in range(8)), return_exceptions=True
    )

    (winner,) = [number for number, end in enumerate(ends) if end is None]
    assert await digest_of(store, "key") == digests[winner]


async def test_nobody_else_in_the_bucket_is_touched(
    s3: S3Server, store: MediaStore, prefix: str, tmp_path: Path
) -> None:
    inside = MediaStore(f"s3://{BUCKET}/{prefix}/another")
    digests = [write(tmp_path / name, 9) for name in ("ours", "theirs")]
    await store.keep("key", tmp_path / "ours")
    await inside.keep("key", tmp_path / "theirs")
    assert [await digest_of(one, "key") for one in (store, inside)] == digests

    await store.drop("key")

    assert await digest_of(inside, "key") == digests[1]
    assert s3.list(prefix) == ["another"]


@pytest.mark.parametrize("wrong", ["secret", "bucket", "address"])
async def test_a_store_that_is_not_ours_or_not_there_is_away(
    store: MediaStore,
    prefix: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    wrong: str,
) -> None:
    """Above all, nothing counts as dropped there."""
    written = write(tmp_path / "file", 3)
    await store.keep("key", tmp_path / "file")
    if wrong == "secret":
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    if wrong == "address":
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    other = MediaStore(f"s3://{'nowhere' if wrong == 'bucket' else BUCKET}/{prefix}")

    with pytest.raises(OutsideAwayError):
        await other.keep("other", tmp_path / "file")
    with pytest.raises(OutsideAwayError):
        await digest_of(other, "key")
    with pytest.raises(OutsideAwayError):
        await other.drop("key")

    assert await digest_of(store, "key") == written


async def test_a_server_that_dies_in_the_middle_of_a_file_leaves_no_half_of_it(
    s3: S3Server, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = write(tmp_path / "file", LARGE)
    async with proxy_to_s3(s3, delay=0.005) as (_, slowly):  # some seconds for all of it
        monkeypatch.setenv("AWS_ENDPOINT_URL", slowly)
        slow = MediaStore(f"s3://{BUCKET}/{prefix}")
        keeping = asyncio.create_task(slow.keep("key", tmp_path / "file"))

        async def parts_are_there() -> None:
            (upload,) = s3.list(".uploads")
            assert len(s3.list(f".uploads/{upload}")) > 2

        await eventually(parts_are_there)
        s3.kill()
        with pytest.raises(OutsideAwayError):
            await keeping
    s3.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3.url)
    store = MediaStore(f"s3://{BUCKET}/{prefix}")

    assert s3.list(prefix) == []
    with pytest.raises(OutsideAwayError):
        await digest_of(store, "key")
    await store.keep("key", tmp_path / "file")
    assert await digest_of(store, "key") == written
