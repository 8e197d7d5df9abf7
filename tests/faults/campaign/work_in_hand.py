"""How much a process has begun and not ended, for others to read, also while it is frozen."""

import mmap
import struct
from pathlib import Path

_COUNT = struct.Struct("=q")


class WorkInHand:
    """A count in a file that two processes map: one changes it, the other reads it."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(_COUNT.size))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _COUNT.size)

    @property
    def count(self) -> int:
        """Give how much is in hand now."""
        count: int = _COUNT.unpack_from(self._map)[0]
        return count

    def add(self, change: int) -> None:
        """Count what has begun, or with a minus what has ended."""
        self.set(self.count + change)

    def set(self, count: int) -> None:
        """Begin anew with a count."""
        _COUNT.pack_into(self._map, 0, count)
