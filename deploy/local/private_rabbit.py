"""A RabbitMQ of this run alone: own node, data and ports, started from the installed server."""

import secrets
import signal
import subprocess
from pathlib import Path

from deploy.local.accounts import account_for, choose_folder, write_owned
from deploy.local.answering import amqp_answers, rabbit_version
from deploy.local.errors import LocalServersError
from deploy.local.free_ports import LOOPBACK, free_ports
from deploy.local.guardian import Command, Guardian
from deploy.local.installed_servers import get_rabbit, search_path
from deploy.local.processes import (
    ProcessIdentity,
    is_running,
    kill_tree,
    send,
    wait_until_gone,
)
from deploy.local.server import Server
from deploy.local.wait_until_ready import wait_until_ready

USER = "ventanilla"
# The management plugin alone takes five seconds to stop.
STOP_SECONDS = 30.0
KILL_SECONDS = 10.0

SETTINGS = """
listeners.tcp.default = {host}:{amqp_port}
management.tcp.ip = {host}
management.tcp.port = {management_port}
default_user = {user}
default_pass = {password}
"""
PLUGINS = "[rabbitmq_management].\n"

# While booting, RabbitMQ loads a thousand modules one after the other. Loaded ahead by all
# processors it is up in 4.1 s instead of 5.3 s.
LOAD_AHEAD = """
spawn(fun() ->
    Files = filelib:wildcard("{plugins}/{{{applications}}}-*/ebin/*.beam"),
    Names = [filename:basename(File, ".beam") || File <- Files],
    code:ensure_modules_loaded([list_to_atom(Name) || Name <- Names])
end).
"""
APPLICATIONS = (
    "rabbit,rabbit_common,rabbitmq_prelaunch,rabbitmq_management,rabbitmq_management_agent,"
    "rabbitmq_web_dispatch,amqp_client,ra,osiris,cowboy,cowlib,ranch,cuttlefish,recon,observer_cli"
)


class PrivateRabbit:
    """Can be stopped, killed and started again on the same data and ports; ends with its guardian.

    It belongs to a user of its own when this runs as root.
    """

    def __init__(self, guardian: Guardian, program: Path | None = None) -> None:
        self._guardian = guardian
        self._program = program or get_rabbit()
        self._account = account_for("rabbitmq")
        self._folder = choose_folder("rabbitmq", self._account)
        self._log = self._folder / "output.log"
        self._node = f"{self._folder.name}@localhost"
        self._amqp_port, self._management_port, self._distribution_port = free_ports(3)
        self._password = secrets.token_hex(16)
        self._process: ProcessIdentity | None = None

    @property
    def url(self) -> str:
        """Give the AMQP address of the node, with its first virtual host."""
        return f"amqp://{USER}:{self._password}@{LOOPBACK}:{self._amqp_port}/"

    @property
    def management_url(self) -> str:
        """Give the address of the management API."""
        return f"http://{USER}:{self._password}@{LOOPBACK}:{self._management_port}"

    @property
    def pid(self) -> int:
        """Give the number of the server's first process."""
        return self._running().pid

    @property
    def origin(self) -> str:
        """Say in a sentence what this server is."""
        return (
            f"RabbitMQ {rabbit_version(self.management_url)}: a private instance of the installed "
            f"server on port {self._amqp_port}, its data in {self._folder} until the end."
        )

    def start(self) -> None:
        """Start the node and wait until its AMQP port and its management API answer."""
        if not self._folder.exists():
            self._lay_out_folder()
        self._process = self._guardian.start_process(self._command())
        wait_until_ready("RabbitMQ", self._guardian, self._process, self._answers, self._logs)

    def stop(self) -> None:
        """Stop the node in good order; its data stay."""
        process = self._running()
        send(process, signal.SIGTERM)
        if not wait_until_gone([process], STOP_SECONDS):
            self.kill()
        self._process = None

    def kill(self) -> None:
        """Kill the node and all its children as a crash would; its data stay."""
        process = self._running()
        if not wait_until_gone(kill_tree(process), KILL_SECONDS):
            raise LocalServersError(f"RabbitMQ (pid {process.pid}) cannot be killed")
        self._process = None

    def evaluate(self, call: str) -> None:
        """Have the node call an Erlang function, such as `rabbit_alarm:get_alarms()`."""
        module, _, function = call.partition(":")
        name, _, arguments = function.rstrip(")").partition("(")
        remote = f"rpc:call('{self._node}', {module}, {name}, [{arguments}])"
        # Without a port of its own: it would be the one that -erl_epmd_port gives for the node.
        subprocess.run(
            [
                *("erl", "-noinput", "-hidden", "-dist_listen", "false"),
                *("-sname", f"caller-{secrets.token_hex(4)}@localhost"),
                *("-start_epmd", "false", "-erl_epmd_port", str(self._distribution_port)),
                *("-setcookie", (self._folder / ".erlang.cookie").read_text(encoding="utf-8")),
                *("-eval", f"case {remote} of {{badrpc, _}} -> halt(1); _ -> halt(0) end."),
            ],
            check=True,
            env={"PATH": search_path(), "HOME": str(self._folder), "ERL_CRASH_DUMP_SECONDS": "0"},
            timeout=KILL_SECONDS,
        )

    def _running(self) -> ProcessIdentity:
        if self._process is None or not is_running(self._process):
            raise LocalServersError("RabbitMQ is not running")
        return self._process

    def _answers(self) -> bool:
        return (
            amqp_answers(LOOPBACK, self._amqp_port)
            and rabbit_version(self.management_url) is not None
        )

    def _logs(self) -> list[Path]:
        return [self._log, *sorted((self._folder / "log").glob("*.log"))]

    def _lay_out_folder(self) -> None:
        self._guardian.make_folder(self._folder, self._account)
        settings = SETTINGS.format(
            host=LOOPBACK,
            amqp_port=self._amqp_port,
            management_port=self._management_port,
            user=USER,
            password=self._password,
        )
        write_owned(self._folder / "rabbitmq.conf", settings, self._account)
        write_owned(self._folder / "enabled_plugins", PLUGINS, self._account)
        # In place of the system's own: what stands in that is meant for the system's node.
        write_owned(self._folder / "environment", "", self._account)
        write_owned(self._folder / ".erlang.cookie", secrets.token_hex(16), self._account)
        (self._folder / ".erlang.cookie").chmod(0o400)

    def _command(self) -> Command:
        return Command(
            name="RabbitMQ",
            argv=[str(self._program), "-noinput", *self._distribution()],
            env=self._environment(),
            folder=str(self._folder),
            log=str(self._log),
            account=self._account,
            # It would take seconds to stop in good order, for data that are thrown away.
            farewell=signal.SIGKILL,
        )

    def _distribution(self) -> list[str]:
        # A node that is already distributed when RabbitMQ boots needs no epmd, which is a
        # daemon that outlives its node and serves the whole machine.
        return [
            *("-sname", self._node, "-start_epmd", "false"),
            *("-erl_epmd_port", str(self._distribution_port)),
            *("-kernel", "inet_dist_use_interface", "{127,0,0,1}"),
        ]

    def _environment(self) -> dict[str, str]:
        plugins = self._program.resolve().parents[1] / "plugins"
        load_ahead = LOAD_AHEAD.format(plugins=plugins, applications=APPLICATIONS)
        return {
            "PATH": search_path(),
            "LC_ALL": "C.UTF-8",
            "HOME": str(self._folder),
            "ERL_AFLAGS": f"-eval '{' '.join(load_ahead.split())}'",
            "ERL_CRASH_DUMP_SECONDS": "0",
            # Makes the start script become the server, instead of waiting for it as its parent.
            "RABBITMQ_ALLOW_INPUT": "1",
            "RABBITMQ_NODENAME": self._node,
            "RABBITMQ_DIST_PORT": str(self._distribution_port),
            "RABBITMQ_CONF_ENV_FILE": str(self._folder / "environment"),
            "RABBITMQ_CONFIG_FILE": str(self._folder / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self._folder / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(self._folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self._folder / "log"),
            "RABBITMQ_PID_FILE": str(self._folder / "pid"),
        }


def start_private_rabbit(guardian: Guardian) -> Server:
    """Start a RabbitMQ that ends with the guardian."""
    rabbit = PrivateRabbit(guardian)
    rabbit.start()
    return Server(rabbit.url, rabbit.origin, rabbit.management_url)
