"""Decodes and verifies extrinsics with a peer: `core` (bittensor-core) or `cyscale` (with bittensor-wallet).

Jobs come as JSON on standard input, answers go as JSON to standard output, one each.
"""

import gzip
import json
import sys


def raw(text):
    return bytes.fromhex(text.removeprefix("0x"))


def core(jobs):
    import bittensor_core

    runtimes = {}
    for job in jobs:
        key = (job["metadata"], job["spec"])
        if key not in runtimes:
            runtimes[key] = bittensor_core.Runtime(gzip.open(key[0]).read(), key[1], 1, 42)
        runtime = runtimes[key]
        decoded = runtime.decode_extrinsic(raw(job["extrinsic"]))
        payload = runtime.signature_payload(
            raw(job["call"]),
            era={"period": job["period"], "current": job["block"]},
            nonce=job["nonce"],
            tip=0,
            tip_asset_id=None,
            genesis_hash=raw(job["genesis"]),
            era_block_hash=raw(job["block_hash"]),
        )
        (signature,) = decoded["signature"].values()
        keypair = bittensor_core.Keypair(ss58_address=decoded["address"])
        yield decoded, payload.hex(), keypair.verify(payload, raw(signature))


def cyscale(jobs):
    import bittensor_wallet
    from scalecodec.base import RuntimeConfigurationObject, ScaleBytes
    from scalecodec.type_registry import load_type_registry_preset

    runtimes = {}
    for job in jobs:
        key = job["metadata"]
        if key not in runtimes:
            config = RuntimeConfigurationObject(ss58_format=42)
            config.clear_type_registry()
            config.update_type_registry(load_type_registry_preset("core"))
            metadata = config.create_scale_object("MetadataVersioned", data=ScaleBytes(gzip.open(key).read()))
            metadata.decode()
            config.add_portable_registry(metadata)
            config.implements_scale_info = True
            runtimes[key] = (config, metadata)
        config, metadata = runtimes[key]
        extrinsic = config.create_scale_object("Extrinsic", data=ScaleBytes(job["extrinsic"]), metadata=metadata)
        extrinsic.decode()
        decoded = extrinsic.value
        (signature,) = decoded["signature"].values()
        keypair = bittensor_wallet.Keypair(ss58_address=decoded["address"])
        # The payload is ours: this peer builds none without a node. The signature and the bytes are what it judges.
        yield decoded, job["payload"].removeprefix("0x"), keypair.verify(raw(job["payload"]), raw(signature))


def seal(job):
    import bittensor_core

    found = bittensor_core.pow_mine_cpu(raw(job["prefix"]), job["difficulty"], job["nonce"], 1)
    return None if found is None else [found[0], bytes(found[1]).hex()]


def main():
    job = json.load(sys.stdin)
    if sys.argv[1] == "seal":
        print(json.dumps(seal(job)))
        return
    peer = {"core": core, "cyscale": cyscale}[sys.argv[1]]
    answers = []
    for decoded, payload, good in peer(job):
        call = decoded["call"]
        answers.append(
            {
                "hash": decoded["extrinsic_hash"],
                "signer": decoded["address"],
                "scheme": list(decoded["signature"])[0],
                "nonce": decoded["nonce"],
                "era": list(decoded["era"]),
                "call": f"{call['call_module']}.{call['call_function']}",
                "args": {arg["name"]: arg["value"] for arg in call["call_args"]},
                "payload": payload,
                "good": good,
            }
        )
    print(json.dumps(answers))


main()
