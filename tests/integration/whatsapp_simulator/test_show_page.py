"""The pages with the phones, and what they are made from."""

import re

import pytest

from services.whatsapp_simulator.show_page import PAGE_FILES
from tests.integration.whatsapp_simulator.desk import Simulator, write

USER = "CO.20002000200020002000"


@pytest.mark.parametrize("path", ["/", "/phones/573001234567", f"/users/{USER}"])
async def test_a_page_is_in_spanish_and_runs_nothing_but_its_own_files(
    simulator: Simulator, path: str
) -> None:
    async with simulator.get(path) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Security-Policy"] == "default-src 'self'"
        page = await answer.text()

    assert '<html lang="es">' in page
    own = re.findall(r'(?:src|href)="(/page/[^"]+)"', page)
    assert len(own) == 3
    for file in own:
        async with simulator.get(file) as answer:
            assert answer.status == 200, file


@pytest.mark.parametrize("path", sorted(PAGE_FILES.glob("*.js")), ids=lambda path: path.name)
def test_no_script_makes_markup_of_data(path: object) -> None:
    (source,) = [file.read_text(encoding="utf-8") for file in PAGE_FILES.iterdir() if file == path]

    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert way not in source


async def test_the_list_has_every_phone(simulator: Simulator) -> None:
    await write(simulator, text="Hola", name="Nuri", user_id="CO.1")
    await write(simulator, USER, text="Hola", name="<b>Sin número</b>")

    async with simulator.get("/simulator/phones") as answer:
        phones = (await answer.json())["phones"]

    assert phones == [
        {"number": "573001234567", "user_id": "CO.1", "name": "Nuri", "messages": 1},
        {"number": None, "user_id": USER, "name": "<b>Sin número</b>", "messages": 1},
    ]


@pytest.mark.parametrize("path", ["phones/%2B573001234567", f"users/{USER}"])
async def test_an_invented_citizen_has_a_phone_before_writing(
    simulator: Simulator, path: str
) -> None:
    async with simulator.put(f"/simulator/{path}", json={"name": "Ana"}) as answer:
        assert answer.status == 200
        invented = await answer.json()

    async with simulator.get("/simulator/phones") as answer:
        [phone] = (await answer.json())["phones"]
    assert phone == {**invented, "messages": 0}
    assert phone["name"] == "Ana"


@pytest.mark.parametrize("citizen", [{}, {"name": ""}, {"name": "Ana", "age": 5}])
async def test_a_citizen_needs_a_name(simulator: Simulator, citizen: object) -> None:
    async with simulator.put("/simulator/phones/573001234567", json=citizen) as answer:
        assert answer.status == 400
