"""On which ports a run of everything listens."""

import socket

import pytest

from deploy.local.choose_ports import USUAL_PORTS, choose_ports
from deploy.local.errors import RunError
from deploy.local.free_ports import LOOPBACK, free_ports


@pytest.fixture
def ports(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Have ports as the usual ones that nobody listens on."""
    chosen = dict(zip(USUAL_PORTS, free_ports(len(USUAL_PORTS)), strict=True))
    for service, port in chosen.items():
        monkeypatch.setenv(USUAL_PORTS[service][0], str(port))
    return chosen


def test_services_listen_where_the_settings_say(ports: dict[str, int]) -> None:
    said: list[str] = []

    chosen = choose_ports(said.append)

    assert {service: chosen[service] for service in ports} == ports
    assert len(set(chosen.values())) == len(chosen) == 8
    assert said == []


def test_a_taken_port_is_said_and_another_chosen(ports: dict[str, int]) -> None:
    said: list[str] = []
    with socket.create_server((LOOPBACK, ports["agent_desk"])):
        chosen = choose_ports(said.append)

    assert chosen["agent_desk"] != ports["agent_desk"]
    assert chosen["ingress"] == ports["ingress"]
    assert said == [
        f"port {ports['agent_desk']} is taken: agent_desk listens on {chosen['agent_desk']} instead"
    ]


def test_connections_of_an_earlier_run_that_linger_do_not_take_its_port(
    ports: dict[str, int],
) -> None:
    with socket.create_server((LOOPBACK, ports["ingress"])) as earlier:
        client = socket.create_connection((LOOPBACK, ports["ingress"]))
        connection, _ = earlier.accept()
        # Whoever closes first is the one whose side lingers.
        connection.close()
        client.close()

    assert choose_ports(print)["ingress"] == ports["ingress"]


@pytest.mark.parametrize("text", ["http", "0", "65536", "-1", "²"])
def test_a_setting_that_is_no_port_is_named(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_PORT", text)

    with pytest.raises(RunError, match="DESK_PORT"):
        choose_ports(print)
