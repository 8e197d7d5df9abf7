"""What a message says, as an agent reads it: one text, whatever kind it is."""

import json
from collections.abc import Callable
from typing import Any

from shared.whatsapp.display_text import clean_text, storable

# A link that shows a place without an account anywhere.
_MAP = "https://www.openstreetmap.org/?mlat={latitude}&mlon={longitude}"
_LONGEST_LINE = 300
_MOST_LINES = 50


def read_words(message_type: str | None, message: dict[str, Any]) -> str | None:
    """Give the text of an element of `messages`; None where there is none to read."""
    content = message.get(message_type or "")
    if message_type == "contacts":
        return _lines(_person(one) for one in _list(content))
    read = _READERS.get(message_type or "")
    if read is not None:
        return read(_dict(content))
    named = _dict(message.get("unsupported")).get("type")
    return _line(named or (message_type if message_type != "unsupported" else None))


def _body(content: dict[str, Any]) -> str | None:
    return _text(content.get("body"))


def _caption(content: dict[str, Any]) -> str | None:
    return _text(content.get("caption"))


def _place(content: dict[str, Any]) -> str | None:
    named = [content.get(name) for name in ("name", "address", "url")]
    where = {name: content.get(name) for name in ("latitude", "longitude")}
    is_known = all(isinstance(one, int | float) for one in where.values())
    return _lines([*map(_line, named), _MAP.format(**where) if is_known else None])


def _person(entry: object) -> str | None:
    person = _dict(entry)
    name = _dict(person.get("name"))
    phones = [
        _dict(one).get("phone") or _dict(one).get("wa_id") for one in _list(person.get("phones"))
    ]
    emails = [_dict(one).get("email") for one in _list(person.get("emails"))]
    known = ", ".join(filter(None, map(_line, [*phones, *emails])))
    called = _line(name.get("formatted_name")) or _line(name.get("first_name"))
    return ": ".join(filter(None, [called, known])) or None


def _choice(content: dict[str, Any]) -> str | None:
    match content.get("type"):
        case "nfm_reply":
            return _form(_dict(content.get("nfm_reply")))
        case "call_permission_reply":
            return _line(_dict(content.get("call_permission_reply")).get("response"))
        case "product":
            return _line(_dict(content.get("product")).get("product_retailer_id"))
        case kind:
            chosen = _dict(content.get(str(kind)))
            return _lines(_line(chosen.get(name)) for name in ("title", "description"))


def _form(content: dict[str, Any]) -> str | None:
    """Give what was filled in; `response_json` is JSON in a string."""
    filled: object = None
    try:
        filled = json.loads(str(content.get("response_json")))
    except (ValueError, RecursionError):
        filled = None
    fields = [
        f"{key}: {_plain(value)}" for key, value in _dict(filled).items() if key != "flow_token"
    ]
    return _lines([_line(content.get("body")), *map(_line, fields)])


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _tapped(content: dict[str, Any]) -> str | None:
    return _text(content.get("text"))


def _order(content: dict[str, Any]) -> str | None:
    items = [
        f"{item.get('quantity')} \N{MULTIPLICATION SIGN} {item.get('product_retailer_id')} "
        f"({item.get('item_price')} {item.get('currency')})"
        for item in map(_dict, _list(content.get("product_items")))
    ]
    return _lines([_text(content.get("text")), *map(_line, items)])


def _nothing(_: dict[str, Any]) -> str | None:
    return None


_READERS: dict[str, Callable[[dict[str, Any]], str | None]] = {
    "text": _body,
    "image": _caption,
    "video": _caption,
    "audio": _caption,
    "document": _caption,
    "sticker": _nothing,
    "location": _place,
    "interactive": _choice,
    "button": _tapped,
    "order": _order,
}


def _lines(lines: Any) -> str | None:  # noqa: ANN401  any iterable of texts and Nones
    return "\n".join([line for line in lines if line][:_MOST_LINES]) or None


def _line(value: object) -> str | None:
    """Give one line of what a stranger wrote; numbers are taken for texts."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    return clean_text(value, _LONGEST_LINE)


def _text(value: object) -> str | None:
    return storable(value) if isinstance(value, str) else None


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
