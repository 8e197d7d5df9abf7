"""Make the ids that WhatsApp gives to messages."""

import random
from base64 import b64encode


def make_wamid(address: str, ids: random.Random) -> str:
    """Give a new id, in which the citizen's number (or user id) can be read after base64.

    The bytes are those of the examples in Meta's documents: a tagged, length-prefixed address and
    20 hexadecimal digits (Meta, text messages webhook reference, 2025-11, its example decoded).
    """
    who = address.encode()[:255]  # the length is one byte
    unique = f"{ids.getrandbits(80):020X}".encode()
    content = b"\x1c\x18" + bytes([len(who)]) + who + b"\x15\x02\x00\x12\x18\x14" + unique + b"\x00"
    return "wamid." + b64encode(content).decode()
