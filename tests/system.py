"""The real processes of a test, with the citizens and agents who use them."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote, urlsplit

import aiohttp
import asyncpg

from tests.eventually import eventually
from tests.servers import ROOT, Management, TestServers

APP_SECRET = "test_app_secret"
ACCESS_TOKEN = "test-access-token"
ADMIN_TOKEN = "test-admin-token"
PHONE_NUMBER_ID = "700800900100200"
WORKERS = ("ticket_router", "media_validator", "status_tracker", "sender", "scheduler")
SERVICES = ("whatsapp_simulator", "ingress", *WORKERS, "agent_desk")


@dataclass
class Process:
    """One running service."""

    service: str
    process: asyncio.subprocess.Process
    log_file: Path
    port: int

    @property
    def pid(self) -> int:
        return self.process.pid

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; one that comes too late goes nowhere."""
        # asyncio's own way first asks how the process has ended, and so takes the answer away from
        # asyncio, which then calls the end of a killed one 255 (python/cpython#127049).
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    @property
    def running(self) -> bool:
        return self.process.returncode is None

    def lines(self) -> list[dict[str, Any]]:
        """Give what it has logged so far."""
        text = self.log_file.read_text(encoding="utf-8", errors="replace")
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]

    def events(self, name: str) -> list[dict[str, Any]]:
        return [line for line in self.lines() if line.get("event") == name]


@dataclass
class System:
    """Starts services on free ports, and stops all of them at the end."""

    servers: TestServers
    database_url: str
    amqp_url: str
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    processes: list[Process] = field(default_factory=list)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _ports: dict[str, int] = field(default_factory=dict)

    async def __aenter__(self) -> Self:
        self.http = await self._stack.enter_async_context(
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30))
        )
        management = Management(str(self.servers.management_url))
        self.management = await self._stack.enter_async_context(management)
        return self

    async def __aexit__(self, *_: object) -> None:
        for process in self.processes:
            if process.running:
                process.signal(signal.SIGCONT)
                process.signal(signal.SIGTERM)
        await asyncio.gather(*(self._end(process) for process in self.processes))
        await self._stack.aclose()

    async def _end(self, process: Process) -> None:
        try:
            async with asyncio.timeout(30):
                await process.process.wait()
        except TimeoutError:
            process.process.kill()
            await process.process.wait()
            raise AssertionError(f"{process.service} did not end within 30 s") from None

    async def start_all(self, **counts: int) -> None:
        """Start every service, one process of each unless `counts` says otherwise; wait for all.

        Ports of ingress must be known before the simulator starts, so they are taken first.
        """
        ingress = [free_port() for _ in range(counts.get("ingress", 1))]
        self.ingress_urls = [f"http://127.0.0.1:{port}" for port in ingress]
        self.environment["SIMULATOR_WEBHOOK_URL"] = ",".join(
            f"{url}/webhook" for url in self.ingress_urls
        )
        self._port("whatsapp_simulator")
        starting = [self.start("ingress", port=port) for port in ingress]
        for service in SERVICES:
            if service != "ingress":
                starting += [self.start(service) for _ in range(counts.get(service, 1))]
        await asyncio.gather(*starting)

    async def start(
        self,
        service: str,
        *,
        port: int | None = None,
        sabotage: str | None = None,
        module: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        wait: bool = True,
    ) -> Process:
        """Start one process of a service.

        `sabotage` names a fault of `tests.faults.sabotage`; `module` is another one that runs the
        service, with its arguments.
        """
        port = port or (free_port() if service in WORKERS else self._port(service))
        number = sum(one.service == service for one in self.processes)
        log_file = self.folder / f"{service}-{number}-{port}.log"
        command = ["-m", *(module or (f"services.{service}",))]
        if sabotage is not None:
            command = ["-m", "tests.faults.sabotage", sabotage, service]
        with log_file.open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *command,
                cwd=ROOT,
                env={**self._environment(service, port), **(environment or {})},
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
        started = Process(service, process, log_file, port)
        self.processes.append(started)
        if wait:
            await self.ready(started)
        return started

    async def ready(self, process: Process, *, within: float = 30.0) -> None:
        """Wait until a process says that it is ready."""

        async def check() -> None:
            assert process.running, process.log_file.read_text()[-2000:]
            status, body = await self.health(process)
            assert status == 200, body

        await eventually(check, within=within)

    async def health(self, process: Process) -> tuple[int, Any]:
        """Give what /health/ready answers."""
        async with self.http.get(f"http://127.0.0.1:{process.port}/health/ready") as answer:
            return answer.status, await answer.json()

    def of(self, service: str) -> list[Process]:
        """Give the running processes of a service."""
        return [one for one in self.processes if one.service == service and one.running]

    def events(self, name: str) -> list[dict[str, Any]]:
        """Give all log lines of an event, of every process."""
        return [line for process in self.processes for line in process.events(name)]

    def _port(self, service: str) -> int:
        return self._ports.setdefault(service, free_port())

    def _environment(self, service: str, port: int) -> dict[str, str]:
        simulator = f"http://127.0.0.1:{self._port('whatsapp_simulator')}"
        own_port = {
            "ingress": "INGRESS_PORT",
            "agent_desk": "DESK_PORT",
            "whatsapp_simulator": "SIMULATOR_PORT",
        }.get(service, "HEALTH_PORT")
        return {
            **{key: value for key, value in os.environ.items() if not key.endswith("_PORT")},
            "DATABASE_URL": self.database_url,
            "AMQP_URL": self.amqp_url,
            "WHATSAPP_APP_SECRET": APP_SECRET,
            "WHATSAPP_VERIFY_TOKEN": "test-verify-token",
            "WHATSAPP_ACCESS_TOKEN": ACCESS_TOKEN,
            "WHATSAPP_PHONE_NUMBER_ID": PHONE_NUMBER_ID,
            "WHATSAPP_GRAPH_URL": f"{simulator}/v25.0",
            "WHATSAPP_MESSAGES_PER_SECOND": "1000",
            "MEDIA_STORE_URL": self.media_folder.as_uri(),
            "DESK_ADMIN_TOKEN": ADMIN_TOKEN,
            "LOG_HASH_KEY": "test-hash-key",
            "LOG_FORMAT": "json",
            "GRACE_PERIOD_SECONDS": "1800",
            "PYTHONWARNINGS": "default",
            **self.environment,
            own_port: str(port),
        }

    @property
    def media_folder(self) -> Path:
        """Where accepted files are kept."""
        return self.folder / "media"

    # --- people -----------------------------------------------------------------------------

    @property
    def simulator_url(self) -> str:
        return f"http://127.0.0.1:{self._port('whatsapp_simulator')}/simulator"

    @property
    def desk_url(self) -> str:
        return f"http://127.0.0.1:{self._port('agent_desk')}/api/v1"

    async def write(self, phone: str, text: str, **more: Any) -> str:
        """Have a citizen write; give the wamid."""
        url = f"{self.simulator_url}/phones/{phone}/messages"
        async with self.http.post(url, json={"text": text, **more}) as answer:
            assert answer.status == 202, await answer.text()
            return str((await answer.json())["id"])

    async def send_file(
        self,
        phone: str,
        content: bytes,
        filename: str = "Factura.pdf",
        content_type: str = "application/pdf",
        **fields: str,
    ) -> str:
        """Have a citizen send a file; give the wamid. The fields are those of `Sending`."""
        # The name as a field of its own: in a part's head it would be percent-encoded.
        form = aiohttp.FormData({"filename": filename, **fields})
        form.add_field("file", content, filename="file", content_type=content_type)
        url = f"{self.simulator_url}/phones/{phone}/files"
        async with self.http.post(url, data=form) as answer:
            assert answer.status == 202, await answer.text()
            return str((await answer.json())["id"])

    async def forget_media(self) -> None:
        """Have Meta lose all files that citizens sent."""
        async with self.http.post(f"{self.simulator_url}/media/forget") as answer:
            assert answer.status < 300, await answer.text()

    async def phone(self, phone: str, direction: str = "outbound") -> list[dict[str, Any]]:
        """Give what stands on a citizen's phone: by default what the desk sent."""
        async with self.http.get(f"{self.simulator_url}/phones/{phone}/messages") as answer:
            messages = (await answer.json())["messages"]
        return [message for message in messages if message["direction"] == direction]

    async def behave(self, **behaviour: Any) -> None:
        """Change how the simulator behaves."""
        url = f"{self.simulator_url}/behaviour"
        async with self.http.patch(url, json=behaviour) as answer:
            assert answer.status == 200, await answer.text()

    async def webhooks_at_rest(self, *, within: float = 30.0) -> None:
        """Wait until every webhook of the simulator has been answered 200."""

        async def check() -> None:
            async with self.http.get(f"{self.simulator_url}/webhooks") as answer:
                counts = await answer.json()
            assert counts["pending"] == 0, counts

        await eventually(check, within=within)

    async def desk(
        self, method: str, path: str, body: Any = None, *, token: str = ADMIN_TOKEN
    ) -> tuple[int, Any]:
        """Call the desk's API as an agent."""
        headers = {"Authorization": f"Bearer {token}"}
        async with self.http.request(
            method, f"{self.desk_url}{path}", json=body, headers=headers
        ) as answer:
            return answer.status, await answer.json()

    async def download(self, attachment_id: int) -> tuple[int, bytes]:
        """Download a file at the desk."""
        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        url = f"{self.desk_url}/attachments/{attachment_id}"
        async with self.http.get(url, headers=headers) as answer:
            return answer.status, await answer.read()

    async def tickets(self, **query: str) -> list[dict[str, Any]]:
        """Give all tickets, newest first."""
        text = "&".join(f"{key}={value}" for key, value in query.items())
        status, page = await self.desk("GET", f"/tickets?limit=200&{text}")
        assert status == 200, page
        return list(page["tickets"])

    async def messages(self, number: str) -> list[dict[str, Any]]:
        """Give a ticket's messages, oldest first."""
        status, page = await self.desk("GET", f"/tickets/{number}/messages?limit=200")
        assert status == 200, page
        return list(page["messages"])

    async def queue_lengths(self) -> dict[str, int]:
        """Give how many messages wait or are unacknowledged in each queue."""
        vhost = unquote(urlsplit(self.amqp_url).path[1:])
        queues: Any = await self.management.call("GET", f"queues/{vhost}")
        return {queue["name"]: queue.get("messages", 0) for queue in queues}

    async def describe_trouble(self) -> str:
        """Give what explains a test that failed: ends, warnings, and what is still to be sent."""
        told = [f"{one.service} ended with {one.process.returncode}"
                for one in self.processes if not one.running]  # fmt: skip
        for process in self.processes:
            lines = [line for line in process.lines() if line.get("level") in {"warning", "error"}]
            told += [json.dumps(line) for line in lines[-20:]]
        database = await asyncpg.connect(self.database_url)
        try:
            rows = await database.fetch("SELECT * FROM outbox ORDER BY message_id LIMIT 20")
        finally:
            await database.close()
        told += [f"outbox: {dict(row)}" for row in rows]
        return "".join(f"{one}\n" for one in told)

    def check_logs(self) -> None:
        """Fail where a process logged what the catalogue does not name, or said who somebody is."""
        for process in self.processes:
            text = process.log_file.read_text(encoding="utf-8", errors="replace")
            for line in process.lines():
                assert "dropped" not in line, line
            if process.service != "whatsapp_simulator":
                assert "wamid." not in text, f"{process.service} logged a wamid"


def free_port() -> int:
    """Give a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
