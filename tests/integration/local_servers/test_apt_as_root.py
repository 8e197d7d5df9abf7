"""While apt runs, nothing may start a service; afterwards the system is as it was."""

import subprocess
from pathlib import Path

import pytest

from deploy.local import apt_as_root
from deploy.local.apt_as_root import NO_CLUSTER_TEXT, POLICY_TEXT

ALLOW_ALL = "#!/bin/sh\nexit 0\n"


class Apt:
    """Stands in for apt-get: notes what the system allowed while it ran."""

    def __init__(self, system: Path, exit_codes: dict[str, int]) -> None:
        self.commands: list[str] = []
        self.policies: list[str] = []
        self._system = system
        self._exit_codes = exit_codes

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        self.commands.append(arguments[0])
        self.policies.append((self._system / "policy-rc.d").read_text(encoding="utf-8"))
        no_cluster = self._system / "postgresql-common/createcluster.d/ventanilla.conf"
        assert no_cluster.read_text(encoding="utf-8") == NO_CLUSTER_TEXT
        code = self._exit_codes.get(arguments[0], 0)
        return subprocess.CompletedProcess(arguments, code, stdout="it is not there\n")


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    no_cluster = tmp_path / "postgresql-common/createcluster.d/ventanilla.conf"
    monkeypatch.setattr(apt_as_root, "POLICY", tmp_path / "policy-rc.d")
    monkeypatch.setattr(apt_as_root, "NO_CLUSTER", no_cluster)
    monkeypatch.setattr(apt_as_root, "BOOT_LINKS", ())
    monkeypatch.setattr(apt_as_root, "_are_known", lambda _: True)
    return tmp_path


@pytest.mark.parametrize(
    ("exit_codes", "commands"),
    [({}, ["install"]), ({"install": 100}, ["install", "update", "install"])],
    ids=["installed", "failed"],
)
def test_services_are_held_back_for_the_time_of_the_installation(
    monkeypatch: pytest.MonkeyPatch,
    system: Path,
    exit_codes: dict[str, int],
    commands: list[str],
) -> None:
    apt = Apt(system, exit_codes)
    monkeypatch.setattr(apt_as_root, "_apt", apt)

    code = apt_as_root.main(["postgresql"])

    assert code == exit_codes.get("install", 0)
    assert apt.commands == commands
    assert set(apt.policies) == {POLICY_TEXT}
    assert list(system.iterdir()) == []


def test_a_policy_that_is_there_stays_as_it_is(
    monkeypatch: pytest.MonkeyPatch, system: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (system / "policy-rc.d").write_text(ALLOW_ALL, encoding="utf-8")
    apt = Apt(system, {})
    monkeypatch.setattr(apt_as_root, "_apt", apt)

    apt_as_root.main(["postgresql"])

    assert apt.policies == [ALLOW_ALL]
    assert (system / "policy-rc.d").read_text(encoding="utf-8") == ALLOW_ALL
    assert "decides whether services start" in capsys.readouterr().out


def test_a_policy_left_by_a_killed_installation_is_removed_by_the_next(
    monkeypatch: pytest.MonkeyPatch, system: Path
) -> None:
    (system / "policy-rc.d").write_text(POLICY_TEXT, encoding="utf-8")
    monkeypatch.setattr(apt_as_root, "_apt", Apt(system, {}))

    apt_as_root.main(["postgresql"])

    assert list(system.iterdir()) == []
