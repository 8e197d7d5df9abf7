"""How a test makes Meta behave, on the side of the Graph API."""

import msgspec
import pytest
from aiohttp import ClientError, ClientTimeout

from services.whatsapp_simulator.behaviour import Behaviour
from services.whatsapp_simulator.graph_errors import ERRORS
from tests.integration.whatsapp_simulator.desk import (
    AUTHORIZED,
    GRAPH,
    Desk,
    Json,
    Simulator,
    ask_graph,
    at_rest,
    behave,
    read,
    text_to,
    write,
)

PATH = "/simulator/behaviour"
DEFAULT = msgspec.to_builtins(Behaviour())


@pytest.mark.parametrize("code", sorted(ERRORS.keys() - set(range(201, 299))))
async def test_every_documented_error_can_be_had(simulator: Simulator, code: int) -> None:
    await behave(simulator, fail_next=[{"code": code, "times": 1}])

    status, answer = await ask_graph(simulator, text_to())

    assert status == ERRORS[code][0]
    assert answer["error"]["code"] == code
    assert answer["error"]["type"] == "OAuthException"
    assert len(answer["error"]["fbtrace_id"]) == 23
    if status != 401:
        assert answer["error"]["message"] == f"(#{code}) {ERRORS[code][1]}"
        assert answer["error"]["error_data"]["details"]
    assert await read(simulator) == []
    assert (await ask_graph(simulator, text_to()))[0] == 200


@pytest.mark.parametrize(
    ("code", "status"),
    [(130429, 400), (131056, 400), (4, 400), (131208, 429), (132001, 404), (2, 503), (131045, 500)],
)
def test_the_status_of_an_error_is_not_what_one_would_guess(code: int, status: int) -> None:
    assert ERRORS[code][0] == status


async def test_errors_come_in_their_order_and_so_many_times(simulator: Simulator) -> None:
    await behave(simulator, fail_next=[{"code": 130429, "times": 2}, {"code": 131047}])

    answers = [await ask_graph(simulator, text_to()) for _ in range(4)]

    codes = [answer.get("error", {}).get("code") for _, answer in answers]
    assert codes == [130429, 130429, 131047, None]


async def test_a_lost_answer_is_of_a_message_that_was_delivered(
    simulator: Simulator, desk: Desk
) -> None:
    await behave(simulator, lose_answer_next=1)

    with pytest.raises(ClientError):
        await ask_graph(simulator, text_to(biz_opaque_callback_data="out:1"))

    await at_rest(simulator)
    assert len(await read(simulator)) == 1
    assert {s["biz_opaque_callback_data"] for s in desk.items("statuses")} == {"out:1"}
    assert (await ask_graph(simulator, text_to()))[0] == 200


async def test_a_share_of_answers_is_lost_and_the_phone_knows_which(simulator: Simulator) -> None:
    await behave(simulator, lose_answer_share=0.5, seed=1)

    lost = []
    for _ in range(20):
        try:
            await ask_graph(simulator, text_to())
            lost.append(False)
        except ClientError:
            lost.append(True)

    assert [message["answer_lost"] for message in await read(simulator)] == lost
    assert 0 < sum(lost) < 20


async def test_a_share_of_statuses_never_comes_and_the_phone_knows_which(
    simulator: Simulator, desk: Desk
) -> None:
    await behave(simulator, lose_status_share=0.5, seed=1)

    for number in range(20):
        await ask_graph(simulator, text_to(biz_opaque_callback_data=f"out:{number}"))

    await at_rest(simulator)
    told = sorted((status["id"], status["status"]) for status in desk.items("statuses"))
    lost = {message["id"]: message["lost_statuses"] for message in await read(simulator)}
    assert told == sorted(
        (wamid, state)
        for wamid, states in lost.items()
        for state in ("sent", "delivered")
        if state not in states
    )
    assert 0 < len(told) < 40


async def test_an_answer_of_a_refused_message_is_not_lost(simulator: Simulator) -> None:
    await behave(simulator, lose_answer_next=1)

    status, _ = await ask_graph(simulator, text_to(body=""))

    assert status == 400
    with pytest.raises(ClientError):
        await ask_graph(simulator, text_to())


async def test_a_refused_connection_sends_nothing(simulator: Simulator) -> None:
    await behave(simulator, refuse_connections=2)

    for _ in range(2):
        with pytest.raises(ClientError):
            await ask_graph(simulator, text_to())

    assert await read(simulator) == []
    assert (await ask_graph(simulator, text_to()))[0] == 200


async def test_a_500_need_not_be_json(simulator: Simulator) -> None:
    await behave(simulator, http_500_next=1)

    async with simulator.post(GRAPH, json=text_to(), headers=AUTHORIZED) as answer:
        assert answer.status == 500
        assert answer.content_type == "text/html"

    assert await read(simulator) == []
    assert (await ask_graph(simulator, text_to()))[0] == 200


async def test_a_slow_answer_is_of_a_message_that_is_already_there(simulator: Simulator) -> None:
    await behave(simulator, delay_seconds=0.5)

    with pytest.raises(TimeoutError):
        await simulator.post(
            GRAPH, json=text_to(), headers=AUTHORIZED, timeout=ClientTimeout(total=0.1)
        )

    assert len(await read(simulator)) == 1


@pytest.mark.parametrize("method", ["put", "patch"])
@pytest.mark.parametrize(
    "asked",
    [
        {"unheard_of": 1},
        {"duplicates": -1},
        {"batch": 0},
        {"batch": 1001},
        {"shuffle": "yes"},
        {"delay_seconds": "1"},
        {"fail_next": [{"code": 424242}]},
        {"fail_next": [{"code": 130429, "times": 0}]},
        {"fail_next": [{"code": 130429, "time": 1}]},
        [],
    ],
)
async def test_a_behaviour_that_is_not_understood_changes_nothing(
    simulator: Simulator, method: str, asked: object
) -> None:
    async with simulator.request(method, PATH, json=asked) as answer:
        assert answer.status == 400
        assert (await answer.json())["error"]

    assert await _shown(simulator) == DEFAULT


async def test_put_resets_what_it_does_not_name_and_patch_keeps_it(simulator: Simulator) -> None:
    await behave(simulator, duplicates=2, fail_next=[{"code": 2, "times": 3}])
    await ask_graph(simulator, text_to())

    patched = await behave(simulator, batch=5)
    async with simulator.put(PATH, json={"statuses": False}) as answer:
        put = await answer.json()

    assert patched["duplicates"] == 2
    assert patched["fail_next"] == [{"code": 2, "times": 2}]
    assert put == {**DEFAULT, "statuses": False}


async def test_delete_makes_it_a_good_day_again(simulator: Simulator, desk: Desk) -> None:
    await behave(simulator, webhooks_paused=True, lose_answer_next=5)
    await write(simulator)

    async with simulator.delete(PATH) as answer:
        assert await answer.json() == DEFAULT

    await at_rest(simulator)
    assert len(desk.received) == 1
    assert await _shown(simulator) == DEFAULT


async def _shown(simulator: Simulator) -> Json:
    async with simulator.get(PATH) as answer:
        shown: Json = await answer.json()
        return shown
