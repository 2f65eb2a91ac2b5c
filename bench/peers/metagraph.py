"""Decodes one metagraph as often as it is asked, through bittensor's own path: cyscale, MetagraphInfo, Metagraph.

    python metagraph.py WS_ADDRESS NETUID

It takes the metadata and the answer from the node at WS_ADDRESS, once. A line `decode COUNT` is answered with
{"cpu": s, "hotkeys": n, "incentive": sum}. It runs in the virtual environment `bittensor-10.5.0`.
"""

import contextlib
import hashlib
import json
import sys
import time

with contextlib.redirect_stdout(sys.stderr):
    import bittensor
    from bittensor.core.chain_data import MetagraphInfo

    url, netuid = sys.argv[1], int(sys.argv[2])
    subtensor = bittensor.Subtensor(network=url)
    substrate = subtensor.substrate
    runtime = substrate.init_runtime(block_hash=substrate.get_chain_head())
    call = runtime.runtime_api_map["SubnetInfoRuntimeApi"]["get_metagraph"]
    output = f"scale_info::{call['output']}"
    arguments = netuid.to_bytes(2, "little").hex()
    answer = substrate.rpc_request("state_call", ["SubnetInfoRuntimeApi_get_metagraph", arguments, None])
    raw = bytes.fromhex(answer["result"].removeprefix("0x"))
    metagraph = bittensor.Metagraph(netuid=netuid, network=url, sync=False)


def decode():
    """What `Subtensor.get_metagraph_info` does with the bytes, and what `Metagraph.sync` does with that."""
    info = MetagraphInfo.from_dict(substrate.decode_scale(output, raw).value)
    metagraph._apply_metagraph_info_mixin(info)
    return info


def say(value):
    print(json.dumps(value), flush=True)


say({"ready": bittensor.__version__, "bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()})
for line in sys.stdin:
    count = int(line.split()[1])
    begin = time.process_time()
    for _ in range(count):
        info = decode()
    cpu = time.process_time() - begin
    say({"cpu": cpu, "hotkeys": len(info.hotkeys), "incentive": float(sum(info.incentives))})
