"""What the services of a run are told, whatever stands in the developer's environment."""

import pytest

from deploy.local.service_settings import SECRETS, choose_settings, environment_of

PORTS = {"ingress": 1, "agent_desk": 2, "whatsapp_simulator": 3, "sender": 4}


def test_a_real_account_in_the_environment_does_not_reach_the_services(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WHATSAPP_GRAPH_URL", "https://graph.example")
    monkeypatch.setenv("WHATSAPP_ACCESS_TOKEN", "real")
    monkeypatch.setenv("WHATSAPP_APP_SECRET_FILE", "/run/secrets/real")
    settings = choose_settings("postgresql://db", "amqp://broker", PORTS)

    environment = environment_of("sender", settings, 4)

    assert environment["WHATSAPP_GRAPH_URL"] == "http://127.0.0.1:3/v25.0"
    assert environment["WHATSAPP_ACCESS_TOKEN"] == settings["WHATSAPP_ACCESS_TOKEN"] != "real"
    assert "WHATSAPP_APP_SECRET_FILE" not in environment


def test_secrets_are_made_up_for_each_run() -> None:
    one, other = (choose_settings("postgresql://db", "amqp://broker", PORTS) for _ in range(2))

    assert all(one[name] != other[name] for name in SECRETS)


def test_each_service_is_told_its_own_port_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEALTH_PORT", "9")
    settings = choose_settings("postgresql://db", "amqp://broker", PORTS)

    assert environment_of("sender", settings, 4)["HEALTH_PORT"] == "4"
    assert environment_of("ingress", settings, 1)["INGRESS_PORT"] == "1"
    assert "HEALTH_PORT" not in environment_of("ingress", settings, 1)
