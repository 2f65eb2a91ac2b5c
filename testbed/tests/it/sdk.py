"""Drives a loopback node with bittensor's own client; prints what it read as JSON."""

import json
import sys

import bittensor
from bittensor_wallet import Keypair, Wallet

url, folder, netuid = sys.argv[1], sys.argv[2], 72
subtensor = bittensor.Subtensor(network=url)
wallet = Wallet(name="owner", hotkey="miner", path=folder)
wallet.set_coldkey(Keypair.create_from_uri("//Alice"), encrypt=False, overwrite=True)
wallet.set_coldkeypub(Keypair.create_from_uri("//Alice"), overwrite=True)
wallet.set_hotkey(Keypair.create_from_uri("//sdk miner"), encrypt=False, overwrite=True)
hotkey = wallet.hotkey.ss58_address
said = {}


def graph():
    g = subtensor.metagraph(netuid)
    return {
        "n": int(g.n),
        "hotkeys": list(g.hotkeys),
        "total_stake": [float(x) for x in g.total_stake],
        "permits": [bool(x) for x in g.validator_permit],
        "incentive": [float(x) for x in g.incentive],
        "axons": [f"{a.ip}:{a.port}" for a in g.axons],
        "block": int(g.block),
    }


said["block"] = subtensor.get_current_block()
said["before"] = graph()
said["balance"] = subtensor.get_balance(wallet.coldkeypub.ss58_address).rao
params = subtensor.get_subnet_hyperparameters(netuid)
said["params"] = {name: getattr(params, name) for name in ("tempo", "immunity_period", "serving_rate_limit")}
said["cost"] = subtensor.recycle(netuid).rao
said["price"] = subtensor.subnet(netuid).price.rao
said["name"] = subtensor.subnet(netuid).subnet_name


def done(response):
    return [bool(response.success), str(response.message)]


said["register"] = done(subtensor.burned_register(wallet=wallet, netuid=netuid))
said["again"] = done(subtensor.register_limit(wallet=wallet, netuid=netuid, limit_price=bittensor.Balance.from_tao(1)))
axon = bittensor.Axon(wallet=wallet, port=8099, external_ip="203.0.113.9", external_port=8099)
said["serve"] = done(subtensor.serve_axon(netuid=netuid, axon=axon))
said["commit"] = done(subtensor.set_commitment(wallet=wallet, netuid=netuid, data="natix/model@abc"))
said["commitment"] = subtensor.get_commitment_metadata(netuid, hotkey)
said["uid"] = subtensor.get_uid_for_hotkey_on_subnet(hotkey, netuid)
said["after"] = graph()
said["left"] = subtensor.get_balance(wallet.coldkeypub.ss58_address).rao
said["hotkey"] = hotkey
print("SAID " + json.dumps(said))
