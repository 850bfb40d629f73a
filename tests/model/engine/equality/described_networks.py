"""Networks as plain data that JSON can keep: what `random_networks` draws, and `cases/` holds.

A description is {"until_s", "seed", "replication", "parts"}; a part is the name of a method of
`Network` and its arguments, of which a dict with an "is" stands for the word of the grammar
that it names.
"""

import json
from pathlib import Path
from typing import Any

from model.engine.network import Network
from model.engine.parts import Batching, Queue
from model.world import attributes, counts, failures, journeys, keys, laws

CASES = Path(__file__).parent / "cases"
FOUND = CASES / "found.json"

_GRAMMAR = attributes, counts, failures, journeys, keys, laws
_WORDS = {name: word for module in _GRAMMAR for name, word in vars(module).items()}
_WORDS |= {"Queue": Queue, "Batching": Batching}


def network_of(description) -> Network:
    """Return the network that is described; NetworkError if it means nothing."""
    network = Network()
    for method, arguments in description["parts"]:
        getattr(network, method)(**{name: _made(value) for name, value in arguments.items()})
    return network


def how_to_run(description) -> dict[str, Any]:
    """Return the arguments of an engine's `simulate`, besides the program."""
    return {name: description[name] for name in ("until_s", "seed", "replication")}


def text_of(description) -> str:
    """Return a description as JSON, a line for each part."""
    parts = ",\n  ".join(json.dumps(part) for part in description["parts"])
    head = "".join(f'"{name}": {value},\n ' for name, value in how_to_run(description).items())
    return f'{{{head}"parts": [\n  {parts}\n ]}}\n'


def _made(value):
    """Return what a part of a description stands for."""
    if isinstance(value, list):
        return tuple(_made(one) for one in value)
    if not isinstance(value, dict):
        return value
    arguments = {name: _made(one) for name, one in value.items() if name != "is"}
    return _WORDS[value["is"]](**arguments) if "is" in value else arguments
