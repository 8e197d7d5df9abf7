"""JPG, BMP and PNG by Pillow (libjpeg-turbo) and by FFmpeg (through PyAV)."""

import io
import random
from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from typing import Any

import av
from PIL import Image, ImageCms, ImageFilter

from tests.corpus.made import Made
from tests.media_files import small_mp4

_SIZES = ((1, 1), (7, 5), (8, 8), (640, 480), (1999, 1333))


def make_jpg() -> Iterator[Made]:
    """Give JPGs as cameras, scanners and programs write them."""
    options: dict[str, dict[str, Any]] = {
        "progressive": {"progressive": True},
        "optimized": {"optimize": True},
        "restart markers": {"restart_marker_blocks": 2},
        "a profile of colours": {"icc_profile": _profile()},
        "a comment": {"comment": "Escaneado en el registro"},
        "XMP": {"xmp": b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"},
        "a note of its place": {"exif": _exif()},
        "dots per inch": {"dpi": (300, 300)},
        **{f"subsampling {kind}": {"subsampling": kind} for kind in (0, 1, 2)},
        **{f"quality {quality}": {"quality": quality} for quality in (1, 30, 95, 100)},
    }
    for mode, size in product(("RGB", "L", "CMYK", "YCbCr"), _SIZES):
        yield Made("jpg", f"pillow {mode} {size}", saved(photo(mode, size), "JPEG"))
    for name, chosen in options.items():
        yield Made("jpg", f"pillow {name}", saved(photo(), "JPEG", **chosen))
    for pixels, size in product(("yuvj420p", "yuvj422p", "yuvj444p"), ((64, 48), (642, 482))):
        yield Made("jpg", f"ffmpeg {pixels} {size}", by_ffmpeg("mjpeg", pixels, size))
    whole = saved(photo(), "JPEG")
    yield Made("jpg", "before zeros", whole + bytes(2000))
    yield Made("jpg", "two pictures", _two_pictures())
    yield Made("jpg", "a film behind it", saved(photo(), "JPEG") + small_mp4())
    yield Made("jpg", "a preview inside", saved(photo(), "JPEG", exif=_exif(), comment=whole))


def make_bmp() -> Iterator[Made]:
    """Give BMPs of every depth that writers have."""
    for mode, size in product(("1", "L", "P", "RGB", "RGBA"), _SIZES):
        yield Made("bmp", f"pillow {mode} {size}", saved(photo(mode, size), "BMP"))
    depths = ("bgra", "bgr24", "rgb565le", "rgb555le", "rgb444le", "rgb8", "gray", "monob")
    for pixels, size in product(depths, ((64, 48), (33, 21))):
        yield Made("bmp", f"ffmpeg {pixels} {size}", by_ffmpeg("bmp", pixels, size))
    yield Made("bmp", "before zeros", saved(photo(), "BMP") + bytes(64))


def make_png() -> Iterator[Made]:
    """Give PNGs, for where MEDIA_FORMATS names them."""
    for mode, size in product(("1", "L", "LA", "P", "RGB", "RGBA", "I;16"), _SIZES[:4]):
        image = photo("L", size).convert("I;16") if mode == "I;16" else photo(mode, size)
        yield Made("png", f"pillow {mode} {size}", saved(image, "PNG"))
    frames = [photo(seed=seed) for seed in (2, 3)]
    moving = saved(photo(), "PNG", save_all=True, append_images=frames)
    yield Made("png", "pillow moving", moving)
    for pixels in ("rgb24", "rgba", "gray16be", "rgb48be", "ya8"):
        yield Made("png", f"ffmpeg {pixels}", by_ffmpeg("png", pixels))


def make_other_pictures() -> Iterator[Made]:
    """Give pictures of formats that are not taken."""
    for kind in ("GIF", "TIFF", "WEBP", "ICO", "PPM", "TGA", "PCX", "JPEG2000", "AVIF", "DDS"):
        yield Made("other picture", kind, saved(photo("RGB", (64, 64)), kind))


def photo(mode: str = "RGB", size: tuple[int, int] = (320, 240), seed: int = 1) -> Image.Image:
    """Something like a photo: soft noise, in which every kind of code occurs."""
    chance = random.Random(seed)  # noqa: S311  no secret depends on it
    small = Image.frombytes("RGB", (16, 12), chance.randbytes(16 * 12 * 3))
    return small.resize(size).filter(ImageFilter.GaussianBlur(1)).convert(mode)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    """Give what Pillow writes."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def by_ffmpeg(codec: str, pixels: str, size: tuple[int, int] = (64, 48)) -> bytes:
    """Give one picture as FFmpeg codes it."""
    encoder: Any = av.CodecContext.create(codec, "w")
    encoder.width, encoder.height = size
    encoder.pix_fmt = pixels
    encoder.time_base = Fraction(1, 1)
    frame = picture_frame(photo(size=size)).reformat(format=pixels)
    frame.pts = 0
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])


def picture_frame(image: Image.Image) -> Any:
    """Give a picture as FFmpeg has it."""
    make: Any = av.VideoFrame.from_image
    return make(image)


def _profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Teléfono", 6
    exif.get_ifd(0x8825)[1] = "N"
    return exif


def _two_pictures() -> bytes:
    return saved(photo(), "MPO", save_all=True, append_images=[photo(seed=2)])
