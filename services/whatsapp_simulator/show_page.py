"""Show the phones in a browser: the list of them, and each."""

from pathlib import Path

from aiohttp import web

PAGE_FILES = Path(__file__).with_name("page")

# What citizens write is shown as text; if a mistake made markup of it, nothing would run.
HEADERS = {"Content-Security-Policy": "default-src 'self'", "Cache-Control": "no-cache"}


async def show_page(request: web.Request) -> web.FileResponse:
    """Answer with the page of the phone that the path names, or with the list of all."""
    name = "phone.html" if request.match_info else "phones.html"
    return web.FileResponse(PAGE_FILES / name, headers=HEADERS)
