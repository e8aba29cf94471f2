"""The Dockerfile, the compose files and the manifests say what is so: commands, settings, ports,
folders and extras are there; and nothing runs with more rights than it needs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from paths import ROOT

from bot.cli.main import main
from bot.settings import Settings

DOCKER = ROOT / "docker"
DOCKERFILE = (DOCKER / "Dockerfile").read_text("utf-8")
MANIFESTS = DOCKER / "kubernetes"
YAML_FILES = sorted([*DOCKER.glob("*.yaml"), *MANIFESTS.rglob("*.yaml")])
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
UID = "10001"
#: Extras for those who build, test or measure Code Desk, and the grouper, which is optional.
NOT_SERVED = {"train", "test", "dev", "bench", "supply", "drg"}
#: Where each part listens: the setting of its port.
PORTS = {"slack": "http_port", "audit": "audit_port", "api": "api_port"}


def documents(path: Path) -> list[dict[str, Any]]:
    return [one for one in yaml.safe_load_all(path.read_text("utf-8")) if one]


def compose(*names: str) -> dict[str, Any]:
    """The services of the compose files, the later ones over the earlier."""
    services: dict[str, Any] = {}
    for name in names:
        (document,) = documents(DOCKER / name)
        for service, given in document["services"].items():
            before = services.get(service, {})
            variables = before.get("environment", {}) | given.get("environment", {})
            services[service] = before | given | {"environment": variables}
    return services


def default(setting: str) -> Any:
    return Settings.model_fields[setting].default


def deployments() -> dict[str, dict[str, Any]]:
    """Component -> its container, as the Deployment of that component has it."""
    found = {}
    for path in MANIFESTS.glob("*.yaml"):
        for one in documents(path):
            if one["kind"] == "Deployment" and path.name != "every-pod.yaml":
                (container,) = one["spec"]["template"]["spec"]["containers"]
                found[one["spec"]["selector"]["matchLabels"]["app.kubernetes.io/component"]] = (
                    container
                )
    return found


def every_pod() -> dict[str, Any]:
    (patch,) = documents(MANIFESTS / "every-pod.yaml")
    pod: dict[str, Any] = patch["spec"]["template"]["spec"]
    return pod


OURS = {
    name: service
    for name, service in compose("compose.yaml", "compose.postgres.yaml").items()
    if name != "database"
}


def instructions(name: str) -> list[str]:
    joined = DOCKERFILE.replace("\\\n", " ")
    return re.findall(rf"^{name} +(.*)$", joined, re.M)


@pytest.mark.parametrize("path", YAML_FILES, ids=lambda path: path.name)
def test_it_is_yaml_without_a_key_twice(path: Path) -> None:
    class Strict(yaml.SafeLoader):
        pass

    def mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        assert len(keys) == len(set(keys)), f"{path.name}: {keys}"
        loader.flatten_mapping(node)
        return yaml.SafeLoader.construct_mapping(loader, node, deep=True)

    Strict.add_constructor("tag:yaml.org,2002:map", mapping)
    assert list(yaml.load_all(path.read_text("utf-8"), Strict))


# What is named is there


def commands() -> Iterator[list[str]]:
    yield from (service["command"] for service in OURS.values())
    yield from (container["args"] for container in deployments().values())
    for service in OURS.values():
        check = service.get("healthcheck", {}).get("test")
        if check:
            assert check[:2] == ["CMD", "codedesk"]
            yield check[2:]
    (run,) = {one for one in instructions("CMD") if one.startswith("[") and "health" not in one}
    yield yaml.safe_load(run)


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_every_command_exists(words: list[str]) -> None:
    command: Any = main
    for word in words:
        if not hasattr(command, "commands"):
            break
        assert word in command.commands, f"codedesk {' '.join(words)}"
        command = command.commands[word]


def test_every_setting_named_exists() -> None:
    fields = Settings.model_fields
    texts = [path.read_text("utf-8") for path in YAML_FILES] + [DOCKERFILE]
    for name in re.findall(r"\b((?:CODEDESK|SLACK)_[A-Z_]+)\b", "\n".join(texts)):
        if name == "CODEDESK_VERSION":  # of compose.yaml itself: which image
            continue
        field = name.lower().removeprefix("codedesk_")
        secret = fields.get(field.removesuffix("_file"))
        is_secret = field.endswith("_file") and secret is not None and not secret.repr
        assert field in fields or is_secret, name


def test_folders_that_are_copied_into_the_image_are_there() -> None:
    ignored = (ROOT / ".dockerignore").read_text("utf-8").split()
    for words in instructions("COPY"):
        *sources, _ = [word for word in words.split() if not word.startswith("--")]
        for source in sources if "--from" not in words else []:
            assert (ROOT / source).exists(), source
            assert source not in ignored, source


def test_every_package_is_copied_into_the_image() -> None:
    setup = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    for pattern in setup["packages"]["find"]["include"]:
        assert f"{pattern.rstrip('*')} {pattern.rstrip('*')}" in instructions("COPY")


def test_the_image_has_what_serving_can_need() -> None:
    (extras,) = re.findall(r'^ARG EXTRAS="(.*)"$', DOCKERFILE, re.M)
    assert set(extras.split(",")) == set(PROJECT["optional-dependencies"]) - NOT_SERVED


def test_versions_are_one() -> None:
    version = PROJECT["version"]
    assert re.findall(r"^ARG VERSION=(.*)$", DOCKERFILE, re.M) == [version]
    assert f"codedesk:${{CODEDESK_VERSION:-{version}}}" == OURS["desk"]["image"]
    (kustomization,) = documents(MANIFESTS / "kustomization.yaml")
    assert kustomization["images"][0]["newTag"] == f"{version}-with-index"


def test_every_manifest_is_listed() -> None:
    (kustomization,) = documents(MANIFESTS / "kustomization.yaml")
    listed = {*kustomization["resources"], *(one["path"] for one in kustomization["patches"])}
    assert listed | {"kustomization.yaml", "secrets.example.yaml"} == {
        path.name for path in MANIFESTS.glob("*.yaml")
    }


def test_every_secret_that_a_pod_reads_has_a_template() -> None:
    known = {
        one["metadata"]["name"]: set(one["stringData"])
        for one in documents(MANIFESTS / "secrets.example.yaml")
    }
    text = "\n".join(path.read_text("utf-8") for path in MANIFESTS.glob("*.yaml"))
    assert set(re.findall(r"secretName: (\S+)", text)) == set(known)
    for folder, file in re.findall(r"/secrets/([\w-]+)/([\w.-]+)", text):
        assert file in known[f"codedesk-{folder}"], f"{folder}/{file}"


# Ports


@pytest.mark.parametrize(("part", "setting"), PORTS.items())
def test_ports_agree(part: str, setting: str) -> None:
    port = default(setting)
    service = OURS["desk" if part == "slack" else part]
    assert service["ports"] == [f"127.0.0.1:{port}:{port}"]
    container = deployments()["desk" if part == "slack" else part]
    ports = {one["name"]: one["containerPort"] for one in container["ports"]}
    assert ports[part if part == "slack" else "http"] == port
    assert str(port) in instructions("EXPOSE")[0].split()


def test_the_port_of_metrics_is_one() -> None:
    (port,) = re.findall(r"CODEDESK_METRICS_PORT=(\d+)", DOCKERFILE)
    assert OURS["desk"]["environment"]["CODEDESK_METRICS_PORT"] == port
    desk = deployments()["desk"]
    assert {"name": "CODEDESK_METRICS_PORT", "value": port} in desk["env"]
    assert {"name": "metrics", "containerPort": int(port)} in desk["ports"]


@pytest.mark.parametrize("container", deployments().values(), ids=list(deployments()))
def test_probes_ask_ports_that_are_there(container: dict[str, Any]) -> None:
    names = {one["name"] for one in container["ports"]}
    for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
        (asked,) = [how for how in container[kind].values() if isinstance(how, dict)]
        assert asked["port"] in names


def test_services_and_rules_of_the_network_name_ports_that_are_there() -> None:
    names = {
        component: {one["name"] for one in container["ports"]}
        for component, container in deployments().items()
    }
    for path in MANIFESTS.glob("*.yaml"):
        for one in documents(path):
            labels = one.get("spec", {}).get("selector", {})
            component = isinstance(labels, dict) and labels.get("app.kubernetes.io/component")
            if one["kind"] == "Service":
                assert {port["targetPort"] for port in one["spec"]["ports"]} <= names[component]
            if one["kind"] == "NetworkPolicy" and "ingress" in one["spec"]:
                chosen = one["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"]
                for rule in one["spec"]["ingress"]:
                    assert {port["port"] for port in rule["ports"]} <= names[chosen]


# No more rights than are needed


def test_images_have_tags() -> None:
    named = [service["image"] for service in compose("compose.yaml").values()]
    named += [compose("compose.postgres.yaml")["database"]["image"]]
    named += re.findall(r"^ARG (?:BASE|BUILDER)=(.*)$", DOCKERFILE, re.M)
    for image in named:
        tag = image.rpartition(":")[2]
        assert ":" in image, image
        assert "latest" not in tag, image


@pytest.mark.parametrize("service", compose("compose.yaml", "compose.postgres.yaml").values())
def test_services_of_compose_have_few_rights(service: dict[str, Any]) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service["user"].startswith("0")
    assert {"cpus", "memory", "pids"} <= set(service["deploy"]["resources"]["limits"])
    assert service["logging"]["options"]["max-size"]
    assert not {"privileged", "pid", "ipc", "network_mode", "devices"} & set(service)
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_the_database_cannot_be_reached_from_outside() -> None:
    (document,) = documents(DOCKER / "compose.postgres.yaml")
    database = document["services"]["database"]
    assert "ports" not in database
    assert [document["networks"][name] for name in database["networks"]] == [{"internal": True}]
    assert not [name for name in database["environment"] if name == "POSTGRES_PASSWORD"]


def test_auditors_pages_get_no_tokens_of_slack() -> None:
    assert "env_file" not in OURS["audit"]
    assert "slack" not in str(deployments()["audit"])


def test_pods_have_few_rights() -> None:
    pod = every_pod()
    (container,) = pod["containers"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert str(pod["securityContext"]["runAsUser"]) == UID
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["resources"]["limits"]
    assert container["resources"]["requests"]


def test_the_image_runs_without_privileges() -> None:
    last = DOCKERFILE.split("FROM ${BASE} AS serve")[1].split("\nFROM ")[0]
    assert re.findall(r"^USER (.*)$", last, re.M) == [f"{UID}:{UID}"]
    assert "HEALTHCHECK" in last
    assert "STOPSIGNAL SIGTERM" in last
    assert not re.search(r"pip install|apt-get", last)


def test_it_has_time_to_end() -> None:
    """Platforms kill what has not ended in time. That must be later than the desk ends itself."""
    seconds = default("stop_seconds")
    assert int(OURS["desk"]["stop_grace_period"].removesuffix("s")) > seconds
    assert every_pod()["terminationGracePeriodSeconds"] > seconds + 5


# The scripts


@pytest.mark.parametrize("script", sorted(DOCKER.glob("*.sh")), ids=lambda path: path.name)
def test_scripts_are_read_by_the_shell(script: Path) -> None:
    shell = script.read_text("utf-8").splitlines()[0].rpartition("/")[2].split()[-1]
    subprocess.run([shell, "-n", str(script)], check=True)


@pytest.fixture
def start(tmp_path: Path) -> Path:
    """start.sh, with a seed and a `codedesk` that prints how it was called."""
    seed, folder = tmp_path / "seed", tmp_path / "bin"
    (seed / "index").mkdir(parents=True)
    (seed / "index" / "current").write_text("one")
    (seed / "codes.db").write_text("codes")
    folder.mkdir()
    (folder / "codedesk").write_text('#!/bin/sh\necho "codedesk $*"\n')
    (folder / "codedesk").chmod(0o755)
    script = tmp_path / "start.sh"
    script.write_text((DOCKER / "start.sh").read_text("utf-8").replace("/app/seed", str(seed)))
    return script


def started(start: Path, home: Path) -> str:
    path = f"{start.parent / 'bin'}:{os.environ['PATH']}"
    command = ["sh", str(start), "ask", "htn"]
    environment = {"PATH": path, "CODEDESK_HOME": str(home)}
    return subprocess.run(
        command, check=True, text=True, capture_output=True, env=environment
    ).stdout


@pytest.mark.skipif(not shutil.which("flock"), reason="needs flock")
def test_an_empty_home_begins_with_the_seed(start: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    # What an interrupted copy left is made again.
    (home / ".seed").mkdir()
    (home / ".seed" / "codes.db").write_text("half")
    assert started(start, home) == "codedesk ask htn\n"
    assert (home / "codes.db").read_text() == "codes"
    assert (home / "index" / "current").read_text() == "one"
    assert not (home / ".seed").exists()


@pytest.mark.skipif(not shutil.which("flock"), reason="needs flock")
def test_a_home_that_is_in_use_stays_as_it_is(start: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "codes.db").write_text("more codes")
    started(start, home)
    assert (home / "codes.db").read_text() == "more codes"
    assert not (home / "index").exists()


def test_secrets_are_made_once(tmp_path: Path) -> None:
    script = tmp_path / "secrets.sh"
    shutil.copy(DOCKER / "secrets.sh", script)
    subprocess.run(["sh", str(script)], check=True, capture_output=True)
    folder = tmp_path / "secrets"
    password = (folder / "postgres_password").read_text()
    assert len(password) == 48
    assert f":{password}@database:" in (folder / "database_url").read_text()
    assert folder.stat().st_mode & 0o777 == 0o700
    again = subprocess.run(["sh", str(script)], capture_output=True)
    assert again.returncode == 1
    assert (folder / "postgres_password").read_text() == password
