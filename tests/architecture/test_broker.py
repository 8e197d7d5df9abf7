"""One map of the queues, one consumer of each, and one place that acknowledges."""

from pathlib import Path

from shared.broker import topology
from tests.architecture.sources import OURS, calls, files, tree

# What workers got, and what an operator decided about.
ACKNOWLEDGE = {Path("shared/broker/session.py"), Path("shared/broker/dead_letters.py")}


def test_every_queue_has_a_service_of_its_name_that_consumes_it() -> None:
    consumers = {}
    for path in files("services"):
        for name, call in calls(path):
            if name.split(".")[-1] == "run_consumer":
                queue = getattr(topology, call.args[1].id)  # type: ignore[attr-defined]
                consumers[queue] = path.parts[1]

    assert consumers.keys() == set(topology.QUEUES)
    assert all(queue == service for queue, service in consumers.items())


def test_nothing_uses_message_process() -> None:
    # aio-pika's `async with message.process()` rejects without requeueing on any exception.
    users = [
        f"{path}:{call.lineno}"
        for path in files(*OURS)
        for name, call in calls(path)
        if name.endswith(".process")
    ]

    assert users == []


def test_deliveries_are_settled_in_one_place_and_dead_letters_in_another() -> None:
    settling = {
        path
        for path in files(*OURS)
        for name, _ in calls(path)
        if name.split(".")[-1] in {"ack", "nack", "reject", "basic_ack", "basic_nack"}
    }

    assert settling == ACKNOWLEDGE


def test_messages_are_published_with_confirms_that_are_checked() -> None:
    channels = [
        (path, {keyword.arg: keyword.value for keyword in call.keywords})
        for path in files("shared")
        for name, call in calls(path)
        if name.endswith(".channel") and path.name == "publish.py"
    ]

    assert channels
    for path, arguments in channels:
        assert {"publisher_confirms", "on_return_raises"} <= arguments.keys(), path


def test_every_file_can_be_parsed_once() -> None:
    assert all(tree(path) for path in files(*OURS))
