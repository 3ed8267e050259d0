"""JSON and YAML: the key path says what a value is about."""

# ruff: noqa: E501  (a text a line)

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial

from evaluation.faithful.case import Fact, Sheet
from evaluation.faithful.draw import Draw

KIND = "config"
ZONES = {
    "en": (
        "north_house",
        "south_house",
        "palm_house",
        "nursery",
        "orchid_room",
        "cactus_room",
        "fern_house",
        "seed_store",
    ),
    "de": (
        "nordhaus",
        "suedhaus",
        "palmenhaus",
        "anzucht",
        "orchideenraum",
        "kakteenraum",
        "farnhaus",
        "saatlager",
    ),
    "fr": (
        "serre_nord",
        "serre_sud",
        "palmarium",
        "pepiniere",
        "salle_orchidees",
        "salle_cactus",
        "fougeraie",
        "grainier",
    ),
    "zh": ("北温室", "南温室", "棕榈馆", "育苗间", "兰花间", "仙人掌间", "蕨类馆", "种子库"),
}
DEVICES = {
    "en": ("heater", "vents"), "de": ("heizung", "klappen"), "fr": ("chauffage", "volets"), "zh": ("加热器", "通风口"),
}  # fmt: skip
KEYS = {
    "en": ("setpoint", "max_minutes"), "de": ("sollwert", "hoechstminuten"), "fr": ("consigne", "minutes_max"), "zh": ("设定值", "最长分钟"),
}  # fmt: skip
ASK = {
    "en": "What is the {key} of the {device} in {zone}?", "de": "Welchen Wert hat {key} bei {device} in {zone}?",
    "fr": "Quelle est la valeur de {key} pour {device} dans {zone} ?", "zh": "{zone}的{device}的{key}是多少？",
}  # fmt: skip
Tree = Mapping[str, Mapping[str, Mapping[str, int]]]


def as_json(tree: Tree) -> str:
    """Write it with an indent."""
    return json.dumps({"zones": tree}, indent=2, ensure_ascii=False)


def as_json_line(tree: Tree) -> str:
    """Write it in one line, as an API answers."""
    return json.dumps({"status": "ok", "zones": tree}, ensure_ascii=False, separators=(",", ":"))


def as_yaml(tree: Tree) -> str:
    """Write keys and indents."""
    lines = ["zones:"]
    for zone, devices in tree.items():
        lines.append(f"  {zone}:")
        for device, keys in devices.items():
            lines.append(f"    {device}:")
            lines += [f"      {key}: {value}" for key, value in keys.items()]
    return "\n".join(lines)


def paths(draw: Draw, write: Callable[[Tree], str]) -> Sheet:
    """Zones with the same devices, which have the same keys."""
    count = {1: 7, 2: 4, 3: 2, 4: 2}[draw.count]
    zones, devices, keys = draw.some(ZONES[draw.lang], count), DEVICES[draw.lang], KEYS[draw.lang]
    tree = {zone: {d: {k: draw.number(101, 999) for k in keys} for d in devices} for zone in zones}
    facts = []
    for zone, device in ((z, d) for z in zones for d in devices):
        others = tuple(d for d in devices if d != device) + tuple(z for z in zones if z != zone)
        for key, value in tree[zone][device].items():
            ask = ASK[draw.lang].format(key=key, device=device, zone=zone)
            facts.append(Fact(ask, str(value), (key, zone, device), rivals=others))
    return Sheet(write(tree), facts, [f.text for f in facts])


TEMPLATES = {
    "config-json": partial(paths, write=as_json),
    "config-json-line": partial(paths, write=as_json_line),
    "config-yaml": partial(paths, write=as_yaml),
}
