"""Judge the files that an agent wants to send, and keep the bytes of those that can be sent."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from services.agent_desk.name_download import name_file
from services.agent_desk.problems import Problem
from services.agent_desk.read_form import ReceivedFile
from shared.database.pool import Pool
from shared.errors import OutsideAwayError
from shared.media.formats.format import Verdict
from shared.media.formats.registry import SENT_FORMATS
from shared.media.proofs import Proofs
from shared.media.store import MediaStore
from shared.tickets.announce_bytes import announce_bytes
from shared.tickets.queue_files import OutgoingFile
from shared.whatsapp.sendable import IN_WORDS, MEBIBYTE, SENDABLE, Sendable

WITHOUT_NAME = "archivo"


@dataclass(frozen=True, slots=True)
class JudgedFile:
    """A file that can be sent: how, and under which name."""

    received: ReceivedFile
    sendable: Sendable
    name: str


async def judge_files(proofs: Proofs, files: Sequence[ReceivedFile]) -> list[JudgedFile]:
    """Give each file with how it is sent.

    422 where WhatsApp would not take one, 413 where it is too large for its kind. The content
    decides: neither its name nor its declared type plays a part.
    """
    judged: list[JudgedFile] = []
    for place, file in enumerate(files, 1):
        called = f"File {place}" + (f" ({file.filename})" if file.filename else "")
        verdict = await proofs.judge(file.path)
        if verdict.verdict is Verdict.DAMAGED:
            raise Problem(422, f"{called} is damaged, or cannot be examined.")
        if verdict.verdict is not Verdict.PROVED or verdict.format is None:
            raise Problem(422, f"{called} is nothing that WhatsApp takes. It takes {IN_WORDS}.")
        sendable = SENDABLE[verdict.format.name]
        if file.size > sendable.most_bytes:
            most = sendable.most_bytes // MEBIBYTE
            raise Problem(413, f"{called} is larger than {most} MiB, the most for {sendable.kind}.")
        extensions = SENT_FORMATS[verdict.format.name].extensions
        name = name_file(file.filename, WITHOUT_NAME, extensions)
        judged.append(JudgedFile(file, sendable, name))
    return judged


async def keep_files(
    pool: Pool, store: MediaStore, judged: Sequence[JudgedFile]
) -> list[OutgoingFile]:
    """Store the bytes of all, or of none and raise OutsideAwayError where the store is away."""
    keys = await announce_bytes(pool, len(judged))
    kept = [_under_key(one, key) for one, key in zip(judged, keys, strict=True)]
    try:
        for file, one in zip(kept, judged, strict=True):
            await store.keep(file.storage_key, one.received.path)
    except OutsideAwayError:
        await drop_files(store, kept)
        raise
    return kept


def _under_key(judged: JudgedFile, key: str) -> OutgoingFile:
    file = judged.received
    return OutgoingFile(
        judged.name, file.declared_type, judged.sendable.format, file.size, file.sha256, key
    )


async def drop_files(store: MediaStore, kept: Sequence[OutgoingFile]) -> None:
    """Delete bytes to which no message refers; what cannot be deleted now is erased later."""
    for one in kept:
        with suppress(OutsideAwayError):
            await store.drop(one.storage_key)
