"""How webhooks reach the desk, whatever it answers."""

import hashlib
import hmac

import pytest

from services.whatsapp_simulator.sign_webhook import sign_body
from tests.integration.whatsapp_simulator.desk import (
    SECRET,
    Desk,
    Json,
    Simulator,
    at_rest,
    behave,
    counts,
    eventually,
    read,
    write,
)


async def inject(simulator: Simulator, **what: object) -> int:
    async with simulator.post("/simulator/webhooks", json=what) as answer:
        return answer.status


def texts(desk: Desk) -> list[str]:
    return [message["text"]["body"] for message in desk.items("messages")]


def test_the_signature_is_that_of_the_example() -> None:
    body = b'{"object":"whatsapp_business_account","entry":[]}'
    expected = "dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756"

    assert sign_body(body, "test_app_secret") == f"sha256={expected}"


async def test_the_bytes_are_written_and_signed_as_meta_does(
    simulator: Simulator, desk: Desk
) -> None:
    await write(simulator, text="¿Qué tal? 1/2 😀")

    await at_rest(simulator)
    [(_, body, signature)] = desk.received
    assert rb"\u00bfQu\u00e9 tal? 1\/2 \ud83d\ude00" in body
    assert b": " not in body
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert signature == f"sha256={digest}"
    assert texts(desk) == ["¿Qué tal? 1/2 😀"]


async def test_the_addresses_are_taken_in_turn(simulator: Simulator, desk: Desk) -> None:
    for _ in range(4):
        await write(simulator)

    await at_rest(simulator)
    paths = [path for path, _, _ in desk.received]
    assert sorted(paths) == ["/one", "/one", "/two", "/two"]


@pytest.mark.parametrize("status", [201, 204, 401, 503])
async def test_a_webhook_is_sent_again_until_the_answer_is_200(
    simulator: Simulator, desk: Desk, status: int
) -> None:
    desk.answers = [status, status]

    await write(simulator)

    assert await at_rest(simulator) == {
        "delivered": 1,
        "pending": 0,
        "attempts": 3,
        "refused": {str(status): 2},
    }
    assert texts(desk) == ["Hola"]


async def test_webhooks_wait_while_they_are_paused(simulator: Simulator, desk: Desk) -> None:
    await behave(simulator, webhooks_paused=True)
    for _ in range(3):
        await write(simulator)
    assert await counts(simulator) == {"delivered": 0, "pending": 3, "attempts": 0, "refused": {}}

    await behave(simulator, webhooks_paused=False)

    assert (await at_rest(simulator))["delivered"] == 3


async def test_a_webhook_can_come_several_times(simulator: Simulator, desk: Desk) -> None:
    await behave(simulator, duplicates=2)

    wamid = await write(simulator)

    await at_rest(simulator)
    assert [message["id"] for message in desk.items("messages")] == [wamid] * 3
    assert len(await read(simulator)) == 1


async def test_a_repetition_can_come_in_the_same_webhook(simulator: Simulator, desk: Desk) -> None:
    await behave(simulator, duplicates=4, batch=100, collect_seconds=0.2)

    wamids = [await write(simulator) for _ in range(10)]

    await at_rest(simulator)
    assert len(desk.bodies) == 1
    assert sorted(message["id"] for message in desk.items("messages")) == sorted(wamids * 5)


async def test_several_messages_can_come_in_one_webhook(simulator: Simulator, desk: Desk) -> None:
    await behave(simulator, batch=50, collect_seconds=1)
    for number in range(120):
        await write(simulator, f"5730000000{number % 2}", text=str(number))

    await at_rest(simulator)
    assert sorted(map(int, texts(desk))) == list(range(120))
    sizes = [_size(body) for body in desk.bodies]
    assert sum(sizes) == 120
    assert max(sizes) == 50
    for value in desk.values:
        people = {contact["wa_id"] for contact in value["contacts"]}
        assert people == {message["from"] for message in value["messages"]}
        assert len(value["contacts"]) == len(people)
    entries = [entry for body in desk.bodies for entry in body["entry"]]
    assert max(len(body["entry"]) for body in desk.bodies) > 1
    assert max(len(entry["changes"]) for entry in entries) > 1
    assert max(len(value["messages"]) for value in desk.values) > 1


def _size(body: Json) -> int:
    values = [change["value"] for entry in body["entry"] for change in entry["changes"]]
    return sum(len(value["messages"]) for value in values)


async def test_a_shuffle_changes_the_order_and_a_seed_repeats_it(
    simulator: Simulator, desk: Desk
) -> None:
    orders = []
    for _ in range(2):
        desk.received.clear()
        await behave(simulator, shuffle=True, batch=1000, collect_seconds=0.2, seed=7)
        for number in range(20):
            await write(simulator, text=str(number))
        await at_rest(simulator)
        orders.append(list(map(int, texts(desk))))

    assert orders[0] == orders[1]
    assert orders[0] != sorted(orders[0])
    assert sorted(orders[0]) == list(range(20))


async def test_any_value_can_be_sent_to_the_desk(simulator: Simulator, desk: Desk) -> None:
    value = {"event": "ACCOUNT_VIOLATION"}

    assert await inject(simulator, value=value, field="account_update") == 202

    await at_rest(simulator)
    [body] = desk.bodies
    assert body["entry"][0]["changes"] == [{"value": value, "field": "account_update"}]


async def test_values_of_other_kinds_are_never_joined(simulator: Simulator, desk: Desk) -> None:
    await behave(simulator, batch=100)
    for number in range(20):
        await inject(simulator, value={"event": number}, field="account_update")
        await inject(simulator, value={"user_actions": [number]})
        await write(simulator)

    await at_rest(simulator)
    numbers = list(range(20))
    assert [value["event"] for value in desk.values if "event" in value] == numbers
    actions = [value["user_actions"] for value in desk.values if "user_actions" in value]
    assert actions == [[number] for number in numbers]
    assert len(texts(desk)) == 20


async def test_any_body_can_be_sent_to_the_desk_and_is_signed(
    simulator: Simulator, desk: Desk
) -> None:
    assert await inject(simulator, body='{"entry": "no list') == 202

    await at_rest(simulator)
    [(_, body, signature)] = desk.received
    assert body == b'{"entry": "no list'
    assert signature == sign_body(body, SECRET)


@pytest.mark.parametrize("what", [{}, {"value": {}, "body": "x"}, {"value": []}, {"valeu": {}}])
async def test_an_injection_that_is_not_understood_is_refused(
    simulator: Simulator, what: Json
) -> None:
    assert await inject(simulator, **what) == 400


async def test_a_desk_that_comes_late_gets_everything(simulator: Simulator, desk: Desk) -> None:
    desk.answers = [503] * 30
    for _ in range(10):
        await write(simulator)
    async for attempt in eventually():
        with attempt:
            assert (await counts(simulator))["refused"] == {"503": 30}

    assert (await at_rest(simulator))["delivered"] == 10
