"""OGA, MP4 and their kin by FFmpeg (through PyAV) and by libsndfile (through SoundFile)."""

import io
import math
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import soundfile

from tests.corpus.made import Made
from tests.corpus.pictures import photo, picture_frame
from tests.media_files import SPEEX_HEAD, THEORA_HEAD, small_oga

os.environ.setdefault("SVT_LOG", "0")  # libsvtav1 tells of itself on standard error otherwise
RATE = 48_000
_ALONE = {
    "libx265": {"x265-params": "log-level=none:pools=none:frame-threads=1"},
    "libsvtav1": {"svtav1-params": "lp=1"},
}


def make_oga() -> Iterator[Made]:
    """Give sound in Ogg: Opus, Vorbis, FLAC and Speex, short and long, one voice and two."""
    for codec, layout, seconds in product(("libopus", "flac"), ("mono", "stereo"), (0.1, 3, 40)):
        content = sound("ogg", codec, seconds, layout)
        yield Made("oga", f"ffmpeg {codec} {layout} {seconds} s", content)
    yield Made("oga", "ffmpeg vorbis", sound("ogg", "vorbis", 2, "stereo"))
    for rate in (8_000, 16_000, 24_000):
        yield Made("oga", f"ffmpeg opus {rate}", sound("ogg", "libopus", 2, "mono", rate))
    for codec in ("libopus", "flac"):
        named = sound("ogg", codec, 1, tags={"title": "Nota de voz", "artist": "ñ" * 2000})
        yield Made("oga", f"ffmpeg {codec} with tags", named)
    for subtype, channels in product(("VORBIS", "OPUS"), (1, 2)):
        yield Made("oga", f"libsndfile {subtype} {channels}", _by_sndfile(subtype, channels))
    chained = sound("ogg", "libopus", 1) + sound("ogg", "libopus", 1, "stereo")
    yield Made("oga", "two recordings in a row", chained)
    yield Made("oga", "Speex, of which only the head is genuine", small_oga(head=SPEEX_HEAD))


def make_mp4() -> Iterator[Made]:
    """Give films: codecs, with and without sound, whole and in fragments."""
    for codec, with_sound in product(("libx264", "mpeg4", "libx265", "libsvtav1"), (True, False)):
        yield Made("mp4", f"ffmpeg {codec}, sound {with_sound}", film("mp4", codec, with_sound))
    for flag in (
        "faststart", "frag_keyframe+empty_moov", "dash", "isml+frag_keyframe", "cmaf", "rtphint",
        "frag_every_frame", "delay_moov", "omit_tfhd_offset", "use_metadata_tags",
    ):  # fmt: skip
        yield Made("mp4", f"ffmpeg {flag}", film("mp4", "libx264", movflags=flag))
    for brand in ("mp42", "isom", "iso2", "iso4", "iso5", "iso6", "avc1", "mp41", "M4V ", "MSNV"):
        yield Made("mp4", f"ffmpeg brand {brand}", film("mp4", "libx264", brand=brand))
    yield Made("mp4", "ffmpeg long", film("mp4", "mpeg4", frames=300))
    for codec in ("aac", "libmp3lame", "alac"):
        yield Made("mp4", f"ffmpeg {codec} alone", sound("mp4", codec, 2))


def make_kin_of_mp4() -> Iterator[Made]:
    """Give what FFmpeg writes in the same boxes under other brands."""
    yield Made("3gp", "ffmpeg H.263", film("3gp", "h263", size=(176, 144)))
    yield Made("3gp", "ffmpeg H.264", film("3gp", "libx264"))
    yield Made("3gp", "ffmpeg AAC", sound("3gp", "aac", 1))
    yield Made("m4a", "ffmpeg AAC", sound("ipod", "aac", 2))
    yield Made("m4a", "ffmpeg ALAC", sound("ipod", "alac", 2))
    yield Made("quicktime", "ffmpeg H.264", film("mov", "libx264"))
    yield Made("quicktime", "ffmpeg MPEG-4", film("mov", "mpeg4"))
    yield Made("3g2", "ffmpeg", film("3g2", "mpeg4"))


def make_other_films() -> Iterator[Made]:
    """Give films and sounds of formats that are not taken."""
    for box, codec in (
        ("webm", "libvpx"), ("matroska", "libx264"), ("avi", "mpeg4"), ("flv", "flv"),
        ("mpegts", "libx264"), ("mpeg", "mpeg2video"), ("asf", "wmv2"), ("gif", "gif"),
    ):  # fmt: skip
        yield Made("other film", f"{box} {codec}", film(box, codec))
    yield Made("ogg video", "ffmpeg VP8", film("ogg", "libvpx"))
    yield Made("ogg video", "ffmpeg VP8 with sound", film("ogg", "libvpx", with_sound=True))
    yield Made(
        "ogg video", "Theora, of which only the head is genuine", small_oga(head=THEORA_HEAD)
    )


def make_mp3() -> Iterator[Made]:
    """Give MP3, for where MEDIA_FORMATS names it."""
    for rate, layout in product((44_100, 22_050, 8_000), ("mono", "stereo")):
        yield Made("mp3", f"ffmpeg {rate} {layout}", sound("mp3", "libmp3lame", 2, layout, rate))


def make_aac() -> Iterator[Made]:
    """Give AAC in frames of its own, for where MEDIA_FORMATS names it."""
    for rate in (44_100, 22_050, 8_000):
        yield Made("aac", f"ffmpeg {rate}", sound("adts", "aac", 2, rate=rate))


def make_amr() -> Iterator[Made]:
    """Give AMR, for where MEDIA_FORMATS names it."""
    for seconds in (1, 10):
        yield Made(
            "amr", f"ffmpeg {seconds} s", sound("amr", "libopencore_amrnb", seconds, rate=8_000)
        )


def make_other_sounds() -> Iterator[Made]:
    """Give sounds of formats that are not taken."""
    for box, codec in (
        ("wav", "pcm_s16le"), ("flac", "flac"), ("aiff", "pcm_s16be"), ("au", "pcm_s16be"),
        ("ac3", "ac3"), ("caf", "pcm_s16be"), ("webm", "libopus"),
    ):  # fmt: skip
        yield Made("other sound", f"{box} {codec}", sound(box, codec, 1))


def sound(
    box: str, codec: str, seconds: float, layout: str = "mono", rate: int = RATE,
    tags: dict[str, str] | None = None,
) -> bytes:  # fmt: skip
    """A tone of so many seconds."""
    with _container(box) as (container, out):
        container.metadata.update(tags or {})
        stream: Any = container.add_stream(codec, rate=rate, layout=layout)
        stream.codec_context.options = {"strict": "-2"}  # FFmpeg calls its own Vorbis experimental
        _add_tone(container, stream, seconds, layout, rate)
    return out[0]


def _add_tone(container: Any, stream: Any, seconds: float, layout: str, rate: int) -> None:
    resampler = av.AudioResampler(stream.format.name, stream.layout.name, rate, stream.frame_size)
    voices = 1 if layout == "mono" else 2
    wave = b"".join(
        struct.pack("<h", int(9000 * math.sin(at / rate * 2764))) * voices
        for at in range(int(seconds * rate))
    )
    frame = av.AudioFrame("s16", layout, len(wave) // 2 // voices)
    frame.planes[0].update(wave)
    frame.rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
    for one in [*resampler.resample(frame), *resampler.resample(None)]:
        container.mux(stream.encode(one))
    container.mux(stream.encode(None))


def film(
    box: str, codec: str, with_sound: bool = False, *, size: tuple[int, int] = (96, 64),
    frames: int = 12, **options: str,
) -> bytes:  # fmt: skip
    """Some frames of a picture that changes."""
    with _container(box, **options) as (container, out):
        stream: Any = container.add_stream(codec, rate=12)
        stream.width, stream.height = size
        stream.pix_fmt = "rgb8" if codec == "gif" else "yuv420p"
        stream.time_base = Fraction(1, 12)
        # In one thread: those of libvpx wait for one another for minutes where the machine is busy.
        stream.codec_context.thread_count = 1
        stream.codec_context.options = _ALONE.get(codec, {})
        voice: Any = None
        if with_sound:
            voice = container.add_stream("libopus" if box == "ogg" else "aac", rate=RATE)
            voice.layout = "mono"
        for number in range(frames):
            frame = picture_frame(photo(size=size, seed=number % 5))
            frame = frame.reformat(format=stream.pix_fmt)
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if voice is not None:
            _add_tone(container, voice, 1, "mono", RATE)
    return out[0]


@contextmanager
def _container(box: str, **options: str) -> Iterator[tuple[Any, list[bytes]]]:
    """Give what is written to; the file's bytes are in the list once it is closed."""
    content: list[bytes] = []
    with TemporaryDirectory() as folder:
        path = Path(folder, "file")
        with av.open(str(path), "w", format=box, options=options) as container:
            yield container, content
        content.append(path.read_bytes())


def _by_sndfile(subtype: str, channels: int) -> bytes:
    out = io.BytesIO()
    wave = [[math.sin(at / 20)] * channels for at in range(RATE)]
    soundfile.write(out, wave, RATE, subtype=subtype, format="OGG")
    return out.getvalue()
