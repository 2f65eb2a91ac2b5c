"""A real SDK axon on a port of the kernel's choice that answers every ImageSynapse with a constant.

Prints one JSON line, {"port": ..., "hotkey": ...}, when it is ready, and serves until its standard input closes.
Signatures are verified, nobody is blacklisted, no chain is needed.
"""

import argparse
import json
import socket
import sys
import time
from types import SimpleNamespace

from synapse import ARGUMENTS, ImageSynapse, Keypair, bittensor


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--uri", default="//Bob", help="the axon's hotkey: a development key")
    parser.add_argument("--prediction", type=float, default=0.73)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    return parser.parse_args(ARGUMENTS)


OPTIONS = options()


def forward(synapse: ImageSynapse) -> ImageSynapse:
    time.sleep(OPTIONS.delay)
    synapse.prediction = OPTIONS.prediction
    return synapse


def held_port():
    """A port that the kernel gives to nobody else while the socket lives; who sets SO_REUSEADDR may listen there."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    return held, held.getsockname()[1]


def main():
    key = Keypair.create_from_uri(OPTIONS.uri)
    wallet = SimpleNamespace(hotkey=key, coldkey=key, coldkeypub=key, name="dev", hotkey_str="dev", path=".")
    held, port = held_port()
    axon = bittensor.Axon(wallet=wallet, port=port, ip="127.0.0.1", external_ip="127.0.0.1", external_port=port)
    axon.attach(forward_fn=forward)
    axon.start()
    for _ in range(400):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.025)
    else:
        sys.exit("the axon does not listen")
    print(json.dumps({"port": port, "hotkey": key.ss58_address}), flush=True)
    sys.stdin.read()
    axon.stop()
    held.close()


main()
