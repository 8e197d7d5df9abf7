"""A citizen with a phone in the browser, an agent at the desk, the real processes between them."""

import os
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Browser, FilePayload, Page, ViewportSize, expect

from tests.eventually import eventually
from tests.media_files import small_pdf
from tests.system import System

NUMBER = "573001234567"
NARROW = ViewportSize(width=400, height=760)
PDF = FilePayload(name="Factura <b>de agua</b>.pdf", mimeType="application/pdf", buffer=small_pdf())
MARKUP = '<img src=x onerror="document.title=1">No puedo firmar'


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A page whose scripts must not fail and which must not be told off by its own policy."""
    context = await browser.new_context(viewport=NARROW, locale="es-CO")
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    yield page
    await context.close()
    assert complaints == []


async def test_a_citizen_writes_sends_files_and_reads_the_answer(
    system: System, page: Page, tmp_path: Path
) -> None:
    system.environment["REFUSAL_NOTICE_SECONDS"] = "1"
    await system.start_all()
    # Nothing reaches the desk yet: one tick.
    await system.behave(webhooks_paused=True)
    await invent_ana(system, page)

    await page.get_by_label("Mensaje", exact=True).fill(MARKUP)
    await page.keyboard.press("Enter")
    mine = page.locator("#chat .inbound")
    await expect(mine.first).to_contain_text(MARKUP)
    await expect(mine.first.get_by_label("Enviado")).to_be_visible()

    await system.behave(webhooks_paused=False)
    await expect(mine.first.get_by_label("Entregado")).to_be_visible()
    number = await opened_ticket(system)
    opening = page.locator("#chat .outbound").first
    await expect(opening).to_contain_text(number)

    await page.get_by_label("Adjuntar archivos").set_input_files(
        [PDF, FilePayload(name="foto.png", mimeType="image/png", buffer=make_picture())]
    )
    await page.get_by_label("Mensaje", exact=True).fill("Estas son")
    await page.get_by_role("button", name="Enviar").click()
    await expect(mine).to_have_count(3)
    await expect(mine.nth(1).get_by_role("link")).to_contain_text(PDF["name"])
    await expect(mine.nth(1)).to_contain_text("Estas son")
    picture = mine.nth(2).get_by_role("img", name="Foto")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 240

    # The picture is a PNG, which is not taken; the citizen reads so, and the agent has the PDF.
    notice = page.locator("#chat .outbound").nth(1)
    await expect(notice).to_contain_text("- una imagen: formato no permitido")
    await eventually(lambda: file_at_the_desk(system, number))

    # An agent opens the ticket, and the ticks turn blue.
    status, _ = await system.desk("POST", f"/tickets/{number}/read")
    assert status == 200
    for place in range(3):
        await expect(mine.nth(place).get_by_label("Leído")).to_be_visible()

    status, _ = await system.desk("POST", f"/tickets/{number}/messages", {"text": "Le ayudo"})
    assert status == 202
    answer = page.locator("#chat .outbound").nth(2)
    await expect(answer).to_contain_text("Le ayudo")
    # The page is open: what appears on it is read, and the desk is told.
    await expect(answer.get_by_label("Leído")).to_be_visible()
    await eventually(lambda: read_at_the_desk(system, number, "Le ayudo"))

    await quote_and_forward(page)
    shown = [message["context"] for message in await system.phone(NUMBER, "inbound")][-2:]
    wamid = (await system.phone(NUMBER))[2]["id"]
    assert shown[0]["id"] == wamid
    assert shown[1] == {"frequently_forwarded": True}
    await expect(mine).to_have_count(5)
    await eventually(lambda: replies_at_the_desk(system, number))

    assert await page.title() == "Ana · Teléfono", "markup of a citizen was run"
    assert await page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    await keep_screenshot(page, tmp_path / "phone.png")
    await page.get_by_role("link", name="Volver a los teléfonos").click()
    await expect(page.get_by_role("link", name="Ana")).to_contain_text(f"+{NUMBER}")
    await keep_screenshot(page, tmp_path / "phones.png")


def make_picture() -> bytes:
    """Give a PNG of 240 by 120 pixels."""
    written = BytesIO()
    Image.linear_gradient("L").resize((240, 120)).save(written, "PNG")
    return written.getvalue()


async def invent_ana(system: System, page: Page) -> None:
    """By the keyboard alone."""
    await page.goto(system.simulator_url.removesuffix("simulator"))
    await expect(page.get_by_text("Todavía no hay ninguno.")).to_be_visible()
    await page.get_by_label("Nombre").fill("Ana")
    await page.get_by_label("Número").fill(f"+{NUMBER[:2]} {NUMBER[2:]}")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/phones/{NUMBER}")
    await expect(page.get_by_text(f"Teléfono de Ana, +{NUMBER}")).to_be_visible()


async def quote_and_forward(page: Page) -> None:
    await page.get_by_role("button", name="Responder a: Le ayudo").click()
    await page.get_by_label("Mensaje", exact=True).fill("Gracias")
    await page.keyboard.press("Enter")
    reply = page.locator("#chat .inbound").nth(3)
    await expect(reply).to_contain_text("Gracias")
    await expect(reply.locator("blockquote")).to_have_text("Le ayudo")
    await page.get_by_label("Reenviado").select_option("muchas veces")
    await page.get_by_label("Mensaje", exact=True).fill("Cadena")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Reenviado muchas veces")).to_be_visible()


async def opened_ticket(system: System) -> str:
    async def check() -> str:
        (ticket,) = await system.tickets()
        return str(ticket["number"])

    return await eventually(check)


async def file_at_the_desk(system: System, number: str) -> None:
    messages = await system.messages(number)
    (file,) = [file for m in messages for file in m["attachments"] if file["state"] == "accepted"]
    assert file["filename"] == "b>.pdf", "the slash of the markup begins the last part"
    assert await system.download(file["id"]) == (200, PDF["buffer"])


async def read_at_the_desk(system: System, number: str, text: str) -> None:
    states = {m["text"]: m["delivery"] for m in await system.messages(number)}
    assert states[text] == "read"


async def replies_at_the_desk(system: System, number: str) -> None:
    """R9, R10: the marks are there, what was quoted is not."""
    by_text = {m["text"]: m for m in await system.messages(number)}
    assert by_text["Gracias"]["is_reply"] is True
    assert by_text["Cadena"]["forwarded"] == "often"


async def keep_screenshot(page: Page, path: Path) -> None:
    """Keep what is seen; where SCREENSHOTS names a folder, there too."""
    await page.screenshot(path=path)
    if folder := os.environ.get("SCREENSHOTS"):
        await page.screenshot(path=Path(folder) / path.name)
