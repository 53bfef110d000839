"""The fleet stack's files: what can be held against the contract and each other without running the engines."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

CHECKOUT = Path(__file__).parents[3]
STACK = CHECKOUT / "tools" / "fleet_stack"
SCHEMAS = CHECKOUT / "edge" / "uplink" / "contract" / "schemas"
EXAMPLE = json.loads((CHECKOUT / "edge/uplink/contract/examples/alert.json").read_text())
EXPORTERS = {
    name: yaml.safe_load((STACK / "prometheus" / f"exporter-{name}.yaml").read_text())
    for name in ("state", "health", "status")
}
METRICS = {metric["prom_name"] for exporter in EXPORTERS.values() for metric in exporter["metrics"]}


def has_field(schema: dict[str, Any], path: list[str]) -> bool:
    """Whether a message may hold a field, by its JSON Schema."""
    here: Any = schema
    for name in path:
        here = resolved(schema, here).get("properties", {}).get(name)
        if here is None:
            return False
    return True


def resolved(schema: dict[str, Any], here: dict[str, Any]) -> dict[str, Any]:
    for option in (here, *here.get("anyOf", ())):
        if "$ref" in option:
            found: dict[str, Any] = schema["$defs"][option["$ref"].rpartition("/")[2]]
            return found
    return here


def schema_of(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
    return resolved(document, document) | {"$defs": document.get("$defs", {})}


def metric_names(expression: str) -> set[str]:
    return set(re.findall(r"\bdms[_:][a-z_:0-9]+", expression))


def test_every_exported_field_is_one_of_the_contract() -> None:
    for topic, exporter in EXPORTERS.items():
        assert exporter["mqtt"]["topic_path"] == f"dms/1/+/+/{topic}"
        for metric in exporter["metrics"]:
            path = metric["mqtt_name"].split(exporter["json_parsing"]["separator"])
            # The levels of a state are a map, whose keys the schema leaves open.
            path = path[:1] if path[0] == "alert_levels" else path
            assert has_field(schema_of(topic), path), metric["mqtt_name"]


def test_rules_and_dashboard_use_only_metrics_that_exist() -> None:
    rules = yaml.safe_load((STACK / "prometheus" / "rules.yml").read_text())
    entries = [rule for group in rules["groups"] for rule in group["rules"]]
    known = METRICS | {rule["record"] for rule in entries if "record" in rule}
    dashboard = json.loads((STACK / "grafana" / "fleet.json").read_text())
    expressions = [rule["expr"] for rule in entries]
    expressions += [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert len(expressions) > 15
    for expression in expressions:
        names = metric_names(expression)
        assert names, expression
        assert names <= known, expression


def test_promtool_agrees_with_rules_and_their_tests() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed: sudo apt install prometheus")
    folder = STACK / "prometheus"
    for command in (
        ["check", "config", "prometheus.yml"],
        ["check", "rules", "rules.yml"],
        ["test", "rules", "rules_test.yml"],
    ):
        result = subprocess.run([promtool, *command], cwd=folder, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout + result.stderr


def test_telegraf_takes_only_fields_of_the_contract() -> None:
    document = tomllib.loads((STACK / "telegraf" / "telegraf.conf").read_text())
    inputs = document["inputs"]["mqtt_consumer"]
    assert {one["topics"][0].rpartition("/")[2] for one in inputs} == {"state", "alert"}
    for one in inputs:
        schema = schema_of(one["topics"][0].rpartition("/")[2])
        for parsed in one["json_v2"]:
            for field in (*parsed.get("field", ()), *parsed.get("tag", ())):
                path = [part.replace("\\", "") for part in re.split(r"(?<!\\)\.", field["path"])]
                path = [".".join(path)] if path[0] == "Vehicle" else path
                assert has_field(schema, path), field["path"]


def test_timescale_has_a_column_for_each_field() -> None:
    document = tomllib.loads((STACK / "telegraf" / "telegraf.conf").read_text())
    sql = (STACK / "telegraf" / "timescale.sql").read_text()
    for one in document["inputs"]["mqtt_consumer"]:
        for parsed in one["json_v2"]:
            table = sql[sql.index(f"CREATE TABLE {parsed['measurement_name']} ") :].partition(";")[0]
            for field in (*parsed.get("field", ()), *parsed.get("tag", ())):
                assert re.search(rf"\b{field.get('rename', field['path'])}\b", table), field


def test_the_cluster_names_each_node_once_and_the_balancer_knows_them() -> None:
    compose = yaml.safe_load((STACK / "emqx" / "compose.yaml").read_text())
    nodes = {name: one for name, one in compose["services"].items() if name.startswith("node")}
    names = [one["environment"]["EMQX_NODE__NAME"] for one in nodes.values()]
    seeds = nodes["node1"]["environment"]["EMQX_CLUSTER__STATIC__SEEDS"]
    assert seeds == f"[{','.join(names)}]"
    balancer = (STACK / "emqx" / "haproxy.cfg").read_text()
    for one, name in zip(nodes.values(), names, strict=True):
        host = name.partition("@")[2]
        assert one["networks"]["fleet"]["aliases"] == [host]
        assert balancer.count(f"{host}:1883 ") == 1


@pytest.mark.parametrize(
    "path", ["telegraf/telegraf.conf", "telegraf/timescale.sql", "emqx/compose.yaml", "emqx/haproxy.cfg"]
)
def test_a_file_that_was_not_executed_says_so(path: str) -> None:
    assert "Not executed by our tests" in (STACK / path).read_text()[:400]


spec = importlib.util.spec_from_file_location("traccar_bridge", STACK / "traccar" / "traccar_bridge.py")
assert spec is not None
assert spec.loader is not None
bridge = importlib.util.module_from_spec(spec)
spec.loader.exec_module(bridge)


def test_a_tired_driver_is_traccars_fatigue_driving() -> None:
    parameters = bridge.query("north-depot/van-07", EXAMPLE)
    assert (parameters["id"], parameters["alarm"]) == ("north-depot-van-07", "fatigueDriving")
    assert parameters["speed"] == f"{83 / 1.852:.1f}"
    assert "lat" not in parameters


@pytest.mark.parametrize(
    "changes", [{"phase": "closed"}, {"level": 1}, {"contested": True}], ids=["closed", "notice", "contested"]
)
def test_what_is_not_for_traccar_stays(changes: dict[str, Any]) -> None:
    assert bridge.query("f/v", {**EXAMPLE, "data": {**EXAMPLE["data"], **changes}}) is None


def test_a_location_goes_along_only_where_the_owner_opted_in() -> None:
    data = {**EXAMPLE["data"], "kind": "distraction", "vehicle": {"location": [52.5, 13.4]}}
    parameters = bridge.query("f/v", {**EXAMPLE, "data": data})
    assert (parameters["alarm"], parameters["lat"], parameters["lon"]) == ("general", "52.5", "13.4")
