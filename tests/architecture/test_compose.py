"""What deploy/compose.yaml promises, held against the queues, the services and their settings."""

import ast
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from environs import FileAwareEnv

from deploy.local.docker_servers import POSTGRES_IMAGE, RABBIT_IMAGE
from shared import config
from shared.broker.topology import QUEUES
from shared.worker import DRAIN_SECONDS

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
EXAMPLE = (DEPLOY / ".env.example").read_text()

SERVERS = {"postgres", "rabbitmq", "clamav"}
OURS: dict[str, dict[str, Any]] = {
    name: service for name, service in COMPOSE["services"].items() if name not in SERVERS
}
RUNNING = {name: service for name, service in OURS.items() if name != "migrate"}
WORKERS = {"ticket_router", "media_validator", "status_tracker", "sender", "scheduler"}

NOT_FOR_COMPOSE = {
    "TEXTS_FILE": "the texts are built into the image",
    "INGRESS_PORT": "inside its own container; INGRESS_PUBLISHED is the host's",
    "DESK_PORT": "inside its own container; DESK_PUBLISHED is the host's",
    "SIMULATOR_PORT": "inside its own container; SIMULATOR_PUBLISHED is the host's",
}

# Digits are accepted by every required setting whose form is not part of compose.yaml itself.
FILLED_IN = "0123456789"
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


class RecordingEnv(FileAwareEnv):
    """Remembers which variables were read."""

    def __init__(self) -> None:
        super().__init__(strip_whitespace=True)
        self.read: set[str] = set()

    def _get_value(self, env_key: str, default: Any) -> Any:
        self.read.add(env_key)
        return super()._get_value(env_key, default)


def process_packages() -> set[str]:
    return {main.parent.name for main in (ROOT / "services").glob("*/__main__.py")}


def interpolated(value: str) -> str:
    """Give what compose makes of a value when .env holds only what it must."""
    return VARIABLE.sub(lambda m: (m[3] or "") if m[2] == "-" else FILLED_IN, value)


def environment_of(name: str) -> dict[str, str]:
    return {key: interpolated(value) for key, value in OURS[name]["environment"].items()}


def read_settings(monkeypatch: pytest.MonkeyPatch, name: str, values: dict[str, str]) -> Any:
    """Read a service's settings, as its process does, from these variables alone."""
    for variable in names_in_config():
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(f"{variable}_FILE", raising=False)
    for variable, value in values.items():
        monkeypatch.setenv(variable, value)
    env = RecordingEnv()
    for read in (config.log_as_json, config.log_level, config.log_hash_key, config.http_host):
        read(env)
    config.health_port(env)
    settings = import_module(f"services.{name}.settings").read_settings(env)
    return settings, env.read


def names_in_config() -> set[str]:
    """Give every variable that shared/config.py names."""
    tree = ast.parse(Path(str(config.__file__)).read_text())
    return {
        node.value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        for node in call.args
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"[A-Z]+(_[A-Z]+)+", node.value)
    }


def test_every_queue_has_the_service_of_its_name_in_compose() -> None:
    for queue in QUEUES:
        assert RUNNING[queue]["command"] == [f"services.{queue}"]


def test_every_process_of_services_is_in_compose() -> None:
    started = {service["command"][0] for service in OURS.values()}

    assert started == {f"services.{package}" for package in process_packages()}
    assert all(service["command"] == [f"services.{name}"] for name, service in RUNNING.items())


@pytest.mark.parametrize("name", sorted(RUNNING))
def test_compose_gives_a_service_what_its_settings_require(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    read_settings(monkeypatch, name, environment_of(name))


@pytest.mark.parametrize("name", sorted(RUNNING))
def test_compose_gives_a_service_no_variable_and_no_secret_that_it_does_not_read(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    given = environment_of(name)

    _, read = read_settings(monkeypatch, name, given)

    assert given.keys() - read == set()


@pytest.mark.parametrize("name", sorted(RUNNING))
def test_the_defaults_of_compose_are_the_defaults_of_the_service(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    written = OURS[name]["environment"]
    required = {
        key: value
        for key, value in environment_of(name).items()
        if (variable := VARIABLE.fullmatch(written[key])) is None or variable[2] != "-"
    }

    with_defaults, _ = read_settings(monkeypatch, name, environment_of(name))
    without, _ = read_settings(monkeypatch, name, required)

    assert with_defaults == without


def test_every_setting_of_a_service_can_be_given_in_compose() -> None:
    given = {key for service in OURS.values() for key in service["environment"]}

    assert names_in_config() - given == NOT_FOR_COMPOSE.keys()


def test_the_example_of_the_env_file_names_what_compose_asks_for_and_nothing_else() -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    required = {m[1] for m in VARIABLE.finditer(text) if m[2] == "?"}
    optional = {m[1]: m[3] for m in VARIABLE.finditer(text) if m[2] == "-"}
    lines = re.findall(r"^(#?)([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE)

    assert {name for mark, name, _ in lines if not mark} == required
    assert {name for mark, name, _ in lines if mark} == optional.keys()
    # A path that stands for "none" would mislead as an example.
    for name, default in optional.items():
        assert default == "/dev/null" or ("#", name, default) in lines
    assert all(m[2] for m in VARIABLE.finditer(text)), "a variable without default or demand"


def test_no_secret_has_a_value_in_the_example() -> None:
    assert re.findall(r"^[A-Z_]+=(.+)$", EXAMPLE, re.MULTILINE) == []


def test_workers_can_be_scaled() -> None:
    for name in WORKERS:
        assert RUNNING[name].keys() & {"ports", "container_name", "hostname"} == set()
        # Keys of the media store are random, so all validators of a host share its volume; what
        # has no name is each container's own.
        own = {"media:/var/lib/ventanilla/media", "/tmp"}  # noqa: S108  a mount, not a file
        volumes = {one.removesuffix(":ro") for one in RUNNING[name].get("volumes", [])}
        assert volumes - own == set()
    assert RUNNING["scheduler"]["scale"] == 2


@pytest.mark.parametrize("name", sorted(RUNNING))
def test_a_service_is_watched_at_the_port_on_which_it_answers(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    environment = environment_of(name)
    settings, _ = read_settings(monkeypatch, name, environment)
    port = environment["HEALTH_PORT"] if name in WORKERS else str(settings.port)

    assert RUNNING[name]["healthcheck"]["test"][-1] == port
    assert environment["HTTP_HOST"] == "0.0.0.0"  # noqa: S104  inside a container
    for published in RUNNING[name].get("ports", []):
        assert interpolated(published) == f"127.0.0.1:{port}:{port}"


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_service_has_time_to_drain_a_limit_of_memory_and_no_rights(name: str) -> None:
    service = OURS[name]

    assert int(service["stop_grace_period"].removesuffix("s")) > DRAIN_SECONDS
    assert service["mem_limit"]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["restart"] == ("no" if name == "migrate" else "unless-stopped")


def test_a_service_through_which_files_come_can_put_them_into_its_tmp() -> None:
    for name in ("media_validator", "whatsapp_simulator"):
        assert "/tmp" in RUNNING[name]["volumes"], name  # noqa: S108  a mount, not a file


def test_no_service_with_a_database_starts_before_the_migration_is_done() -> None:
    for name, service in RUNNING.items():
        if "DATABASE_URL" in service["environment"]:
            condition = service["depends_on"]["migrate"]["condition"]
            assert condition == "service_completed_successfully", name
    assert OURS["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"


def test_the_simulator_and_the_antivirus_are_there_only_when_they_are_asked_for() -> None:
    profiles = {name: service.get("profiles", []) for name, service in COMPOSE["services"].items()}

    assert {name: of for name, of in profiles.items() if of} == {
        "whatsapp_simulator": ["simulator"],
        "clamav": ["clamav"],
    }


def test_the_antivirus_looks_into_the_whole_of_every_file_that_is_taken() -> None:
    lines = (DEPLOY / "clamav" / "clamd.conf").read_text().splitlines()
    told = dict(line.split() for line in lines if not line.startswith("#"))
    largest = config.media_max_bytes(FileAwareEnv())

    for limit in ("StreamMaxLength", "MaxFileSize", "MaxScanSize"):
        assert int(told[limit].removesuffix("M")) * 2**20 >= largest, limit
    assert told["AlertExceedsMax"] == "yes"
    mounted = COMPOSE["services"]["clamav"]["volumes"]
    assert "./clamav/clamd.conf:/etc/clamav/clamd.conf:ro" in mounted


def test_the_servers_are_those_that_the_tests_run_against() -> None:
    services = COMPOSE["services"]

    assert services["postgres"]["image"] == POSTGRES_IMAGE
    assert services["rabbitmq"]["image"] == RABBIT_IMAGE


def test_rabbitmq_blocks_publishers_before_its_container_is_killed() -> None:
    settings = (DEPLOY / "rabbitmq" / "20-memory.conf").read_text()
    watermark = re.search(r"^vm_memory_high_watermark.absolute = (\d+)MiB$", settings, re.MULTILINE)
    rabbit = COMPOSE["services"]["rabbitmq"]

    assert watermark is not None
    assert rabbit["mem_limit"] == "1g"
    assert int(watermark[1]) <= 0.6 * 1024
    assert any(":/etc/rabbitmq/conf.d/" in volume for volume in rabbit["volumes"])


def test_nothing_but_the_code_and_the_lock_file_is_sent_to_a_build() -> None:
    rules = [
        line
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line and not line.startswith("#")
    ]

    assert rules[0] == "*"
    assert {rule for rule in rules if rule.startswith("!")} == {
        "!requirements.lock",
        "!services",
        "!shared",
    }


def test_the_image_does_not_run_as_root_and_installs_only_what_is_locked() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    users = re.findall(r"^USER (.+)$", text, re.MULTILINE)

    assert users == ["10001:10001"]
    assert text.index("USER 10001") > text.rindex("FROM ")
    assert text.count('"install"') == text.count('"--require-hashes"') == 1
