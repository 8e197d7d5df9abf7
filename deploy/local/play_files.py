"""The part of a conversation in which files go along: one is taken, an album in part."""

from collections.abc import Sequence
from typing import Any

from deploy.local.sample_files import SampleFile, make_album, make_pdf
from deploy.local.transcript import Transcript

Json = dict[str, Any]


def play_files(transcript: Transcript, number: str) -> None:
    """Send a file, and an album of which two are refused; see verdicts, bytes and the notice."""
    document = make_pdf()
    _send(transcript, [(document, "Este es el error.")])
    _see_verdicts(transcript, number, [document])
    album = make_album()
    _send(transcript, [(file, "") for file in album])
    _see_verdicts(transcript, number, [document, *album])
    transcript.see_on_phone("the notice about the refused files", album[1].filename)


def _send(transcript: Transcript, files: Sequence[tuple[SampleFile, str]]) -> None:
    """Send them one after the other, as WhatsApp sends an album."""
    for wamid in [transcript.citizen.send(file, caption) for file, caption in files]:
        transcript.see_written(wamid)


def _see_verdicts(transcript: Transcript, number: str, sent: Sequence[SampleFile]) -> None:
    """Show what became of the newest files, once nothing is pending."""

    def look() -> list[Json] | None:
        messages = transcript.agent.messages(number)
        found = [file for one in messages for file in one["attachments"]]
        done = [file for file in found if file["state"] != "pending"]
        return done if len(done) == len(sent) else None

    files = transcript.wait("what became of the files, at the desk", look)
    shown = 1 if len(sent) == 1 else len(sent) - 1
    for file in files[-shown:]:
        name = file["filename"] or "a file without a name"
        if file["state"] != "accepted":
            transcript.show_at_desk(f"{name} is {file['state']}: {file['reason']}")
            continue
        content = transcript.agent.download(file["id"])
        same = any(content == one.content for one in sent)
        proof = "the same bytes" if same else "OTHER BYTES"
        transcript.show_at_desk(
            f"{name} is accepted as {file['format']}, {file['size']} bytes; "
            f"the download gives {proof}"
        )
