"""List the phones on a plain page."""

from html import escape

from aiohttp import web

from services.whatsapp_simulator.phones import Phone
from services.whatsapp_simulator.simulator import SIMULATOR


async def list_phones(request: web.Request) -> web.Response:
    """Answer with a page that links to the messages of each phone."""
    rows = "".join(_row(phone) for phone in request.app[SIMULATOR].phones.all())
    page = f"<!doctype html><html lang=en><title>Phones</title><h1>Phones</h1><ul>{rows}</ul>"
    return web.Response(text=page, content_type="text/html")


def _row(phone: Phone) -> str:
    kind = "phones" if phone.number else "users"
    address = phone.number or phone.user_id or ""
    link = f"/simulator/{kind}/{address}/messages"
    label = f"{phone.name} ({address}): {len(phone.messages)}"
    return f'<li><a href="{escape(link)}">{escape(label)}</a>'
