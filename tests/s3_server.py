"""A server that speaks S3, real and for a test run alone: SeaweedFS, which comes as a wheel."""

import json
import secrets
import signal
import sysconfig
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

from deploy.local.accounts import choose_folder
from deploy.local.free_ports import LOOPBACK, free_ports
from deploy.local.guardian import Command, Guardian
from deploy.local.processes import ProcessIdentity, kill_tree, wait_until_gone
from deploy.local.wait_until_ready import wait_until_ready
from tests.faults.tcp_proxy import TcpProxy
from tests.servers import ROOT

BUCKET = "ventanilla"
PORTS = (
    "master", "master_grpc", "volume", "volume_grpc", "filer", "filer_grpc", "s3", "s3_grpc",
)  # fmt: skip
ANSWER_SECONDS = 5.0
KILL_SECONDS = 10.0


class S3Server:
    """Can be killed and started again on the same data and ports; ends with its guardian."""

    def __init__(self, guardian: Guardian) -> None:
        self._guardian = guardian
        self._folder = choose_folder("s3", None)
        self._log = self._folder / "output.log"
        self._ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
        self._secret = secrets.token_hex(16)
        self._process: ProcessIdentity | None = None

    @property
    def url(self) -> str:
        """Give where the S3 protocol is spoken."""
        return f"http://{LOOPBACK}:{self._ports['s3']}"

    def environment(self, url: str | None = None) -> dict[str, str]:
        """Give S3's usual variables for this server, or for another way to it."""
        return {
            "AWS_ACCESS_KEY_ID": "ventanilla",
            "AWS_SECRET_ACCESS_KEY": self._secret,
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": url or self.url,
            "AWS_ALLOW_HTTP": "true",
        }

    def start(self) -> None:
        """Start it and wait until it takes objects."""
        is_new = not self._folder.exists()
        if is_new:
            self._guardian.make_folder(self._folder, None)
            (self._folder / "s3.json").write_text(json.dumps(self._identities()), encoding="ascii")
        self._process = self._guardian.start_process(self._command())
        wait_until_ready(
            "SeaweedFS", self._guardian, self._process, self._answers, lambda: [self._log]
        )
        if is_new:
            self._ask(f"buckets/{BUCKET}/", method="POST")

    def kill(self) -> None:
        """Kill it as a crash would; its data stay."""
        assert self._process is not None
        assert wait_until_gone(kill_tree(self._process), KILL_SECONDS)
        self._process = None

    def clear(self) -> None:
        """Remove the sockets that it leaves in a place of its own choice when it is killed."""
        for port in self._ports.values():
            for socket in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):  # noqa: S108  its choice
                socket.unlink()

    def list(self, folder: str = "") -> list[str]:
        """Give the names below a folder of the bucket, asked of the server's own file system."""
        try:
            page: dict[str, Any] = json.loads(self._ask(f"buckets/{BUCKET}/{folder}/"))
        except urllib.error.HTTPError as error:
            if error.code != HTTPStatus.NOT_FOUND:
                raise
            return []
        return [Path(entry["FullPath"]).name for entry in page["Entries"] or []]

    def _identities(self) -> object:
        may = ["Admin", "Read", "Write", "List", "Tagging"]
        credentials = [{"accessKey": "ventanilla", "secretKey": self._secret}]
        return {"identities": [{"name": "tests", "credentials": credentials, "actions": may}]}

    def _answers(self) -> bool:
        try:
            self._ask("dir/assign", port="master")  # a place for an object
            self._ask("", port="s3")
        except urllib.error.HTTPError as error:
            return error.code == HTTPStatus.FORBIDDEN  # it wants a signature
        except OSError:
            return False
        return False

    def _ask(self, path: str, *, port: str = "filer", method: str = "GET") -> bytes:
        request = urllib.request.Request(
            f"http://{LOOPBACK}:{self._ports[port]}/{path}",
            method=method,
            headers={"Accept": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
            return bytes(answer.read())

    def _command(self) -> Command:
        ports = self._ports
        return Command(
            name="SeaweedFS",
            argv=[
                str(Path(sysconfig.get_path("scripts")) / "weed"), "-logtostderr=true", "server",
                f"-dir={self._folder}", f"-ip={LOOPBACK}", f"-ip.bind={LOOPBACK}",
                f"-master.port={ports['master']}", f"-master.port.grpc={ports['master_grpc']}",
                f"-volume.port={ports['volume']}", f"-volume.port.grpc={ports['volume_grpc']}",
                "-master.volumeSizeLimitMB=256", "-volume.max=20", "-master.electionTimeout=1s",
                "-filer", f"-filer.port={ports['filer']}",
                f"-filer.port.grpc={ports['filer_grpc']}",
                "-s3", f"-s3.port={ports['s3']}", f"-s3.port.grpc={ports['s3_grpc']}",
                f"-s3.config={self._folder / 's3.json'}", "-s3.port.iceberg=0", "-s3.port.lance=0",
                "-s3.iam=false",
                "-s3.autoCreateBucket=false",
            ],
            env={"HOME": str(self._folder), "TMPDIR": str(self._folder)},
            folder=str(self._folder),
            log=str(self._log),
            account=None,
            farewell=signal.SIGKILL,
        )  # fmt: skip


@asynccontextmanager
async def proxy_to_s3(server: S3Server, delay: float = 0.0) -> AsyncIterator[tuple[TcpProxy, str]]:
    """Give a proxy to the server, and the address by way of it."""
    proxy = TcpProxy(LOOPBACK, int(server.url.rpartition(":")[2]), delay=delay)
    await proxy.listen()
    try:
        yield proxy, f"http://{LOOPBACK}:{proxy.listening_on}"
    finally:
        proxy.flow()
        proxy.refuse()


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """Give a running server with the bucket `BUCKET`."""
    with Guardian(ROOT) as guardian:
        server = S3Server(guardian)
        server.start()
        try:
            yield server
        finally:
            server.clear()
