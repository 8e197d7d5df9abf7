"""Every format that can be proved: each file of this folder brings its own (`FORMATS`)."""

import pkgutil
from collections.abc import Iterator, Sequence
from importlib import import_module

from shared.media import formats
from shared.media.formats.format import Format


def _found() -> Iterator[Format]:
    for module in pkgutil.iter_modules(formats.__path__, f"{formats.__name__}."):
        yield from getattr(import_module(module.name), "FORMATS", ())


ALL_FORMATS: dict[str, Format] = {one.name: one for one in _found()}

RECEIVED_FORMATS = {one.name: one for one in ALL_FORMATS.values() if one.use != "sent"}
"""What MEDIA_FORMATS may name."""

SENT_FORMATS = {one.name: one for one in ALL_FORMATS.values() if one.use != "received"}
"""What WhatsApp takes from a business (docs/decisions/0022)."""


def choose_formats(names: Sequence[str]) -> tuple[Format, ...]:
    """Give the formats that MEDIA_FORMATS names, each once.

    Raises a ValueError that names the variable and what it may hold.
    """
    if not RECEIVED_FORMATS.keys() >= set(names):
        known = ", ".join(sorted(RECEIVED_FORMATS))
        raise ValueError(f'Environment variable "MEDIA_FORMATS" invalid: known are {known}.')
    return tuple(RECEIVED_FORMATS[name] for name in dict.fromkeys(names))
