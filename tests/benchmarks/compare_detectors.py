"""`make compare-detectors`: what libraries that detect a type say of the corpus, and our proofs.

Each runs in a process of its own over the folders of FOLDER, whose names are the kinds of their
files. libmagic itself comes from the system (Debian: libmagic1, with its data 8 MB).
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from typing import TypedDict

Detect = Callable[[Path], str]

TAKEN = ("pdf", "jpg", "bmp", "xml", "oga", "mp4")
MEDIA_TYPES = {
    "application/pdf": "pdf",
    "image/jpeg": "jpg",
    **dict.fromkeys(("image/bmp", "image/x-ms-bmp", "image/x-bmp"), "bmp"),
    **dict.fromkeys(("text/xml", "application/xml"), "xml"),
    **dict.fromkeys(("audio/ogg", "application/ogg", "audio/x-ogg", "audio/opus"), "oga"),
    "video/mp4": "mp4",
}
PACKAGES = {
    "libmagic": ("python-magic",),
    "puremagic": ("puremagic",),
    "magika": ("magika", "onnxruntime", "numpy"),
    "our proofs": ("puremagic", "pypdf"),
}


def _libmagic() -> Detect:
    import magic

    detector = magic.Magic(mime=True)
    return lambda path: MEDIA_TYPES.get(detector.from_file(str(path)), "")


def _puremagic() -> Detect:
    import puremagic

    def detect(path: Path) -> str:
        try:
            return MEDIA_TYPES.get(puremagic.magic_file(path)[0].mime_type, "")
        except (puremagic.PureError, ValueError, IndexError):
            return ""

    return detect


def _magika() -> Detect:
    import magika

    detector = magika.Magika()
    return lambda path: MEDIA_TYPES.get(detector.identify_path(path).output.mime_type, "")


def _proofs() -> Detect:
    from shared.media.formats.format import Verdict
    from shared.media.formats.registry import choose_formats
    from shared.media.judge_file import judge_file

    formats = choose_formats(TAKEN)

    def detect(path: Path) -> str:
        judged = judge_file(path, formats)
        is_proved = judged.verdict is Verdict.PROVED and judged.format is not None
        return judged.format.name if is_proved and judged.format is not None else ""

    return detect


class Told(TypedDict):
    """What one detector said of the files, and what it took."""

    begun_ms: float
    took_ms: list[float]
    right: dict[str, list[bool]]
    """Of the formats that are taken: whether each file was called what it is."""
    others: int
    wrong: dict[str, int]
    """Of the kinds that are not: how many were called something that is taken."""
    memory_kib: int


DETECTORS: Mapping[str, Callable[[], Detect]] = {
    "libmagic": _libmagic,
    "puremagic": _puremagic,
    "magika": _magika,
    "our proofs": _proofs,
}


def try_one(name: str, folder: Path) -> Told:
    """Let one detector look at every file."""
    started = time.perf_counter()
    detect = DETECTORS[name]()
    begun_ms = (time.perf_counter() - started) * 1000
    right: dict[str, list[bool]] = {kind: [] for kind in TAKEN}
    wrong: dict[str, int] = {}
    others, took_ms = 0, []
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        kind = path.relative_to(folder).parts[0]
        started = time.perf_counter()
        said = detect(path)
        took_ms.append((time.perf_counter() - started) * 1000)
        if kind in TAKEN:
            right[kind].append(said == kind)
        else:
            others += 1
            wrong[kind] = wrong.get(kind, 0) + bool(said)
    return Told(
        begun_ms=begun_ms,
        took_ms=took_ms,
        right=right,
        others=others,
        wrong={kind: count for kind, count in wrong.items() if count},
        memory_kib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    )


def installed_bytes(name: str) -> int:
    """Give what the detector's packages take on the disk, without those of the system."""
    files = [file for one in PACKAGES[name] for file in metadata.files(one) or ()]
    return sum(path.stat().st_size for file in files if (path := Path(str(file.locate()))).exists())


def main() -> None:
    """Print a line for each detector, and where it was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--one", choices=DETECTORS)
    arguments = parser.parse_args()
    if arguments.one is not None:
        print(json.dumps(try_one(arguments.one, arguments.folder)))
        return
    for name in DETECTORS:
        command = [sys.executable, "-m", __spec__.name, str(arguments.folder), "--one", name]
        told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        _show(name, told)


def _show(name: str, told: Told) -> None:
    took, wrong = told["took_ms"], told["wrong"]
    shares = ", ".join(f"{kind} {sum(one) / len(one):.1%}" for kind, one in told["right"].items())
    worst = sorted(wrong.items(), key=lambda one: -one[1])
    size = installed_bytes(name) / 1e6
    print(f"{name}: {size:.1f} MB installed, begins in {told['begun_ms']:.0f} ms")
    print(f"  a file takes {statistics.median(took):.2f} ms (median), {max(took):.0f} ms (longest)")
    print(f"  {told['memory_kib'] // 1024} MiB resident at the most")
    print(f"  genuine files called what they are: {shares}")
    print(f"  others called something that is taken: {sum(wrong.values())} of {told['others']}")
    print(f"  most of them: {', '.join(f'{kind} {count}' for kind, count in worst[:8])}")


if __name__ == "__main__":
    main()
