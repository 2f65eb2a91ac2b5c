"""Asks an axon as a validator does and prints, for each question, one JSON line of what its dendrite saw.

Example: python dendrite.py --port 8091 --axon 5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty --times 3 --image-file a.b64
"""

import argparse
import asyncio
import json
import math

from synapse import ARGUMENTS, ImageSynapse, Keypair, bittensor

# A dendrite asks the internet for its own address when it is made. An address of the documentation range will do.
bittensor.utils.networking.get_external_ip = lambda: "198.51.100.7"


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--axon", required=True, help="the axon's hotkey (ss58)")
    parser.add_argument("--uri", default="//Alice", help="who asks: a development key")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--together", action="store_true", help="all questions at once")
    parser.add_argument("--timeout", type=float, default=9.0)
    parser.add_argument("--image-file", help="a file with the picture in base64; left out: a text that is no picture")
    parser.add_argument("--testnet-label", type=int, default=-1)
    parser.add_argument("--ping", action="store_true", help="send the built-in Synapse instead")
    return parser.parse_args(ARGUMENTS)


def axon_info(o):
    # Made by hand: the chain is not asked.
    return bittensor.AxonInfo(
        version=1, ip=o.host, port=o.port, ip_type=4, hotkey=o.axon, coldkey=o.axon, protocol=4
    )


def line(answer):
    prediction = getattr(answer, "prediction", None)
    if prediction is not None and not math.isfinite(prediction):
        prediction = str(prediction)
    return {
        "status": answer.dendrite.status_code,
        "message": answer.dendrite.status_message,
        "prediction": prediction,
        "process_time": answer.dendrite.process_time,
        "axon_process_time": answer.axon.process_time,
        "is_success": answer.is_success,
    }


async def main():
    o = options()
    image = open(o.image_file).read().strip() if o.image_file else "/9j/4HRpbnktbm90LWEtcmVhbC1qcGVn/9k="
    dendrite = bittensor.Dendrite(wallet=Keypair.create_from_uri(o.uri))

    async def ask():
        question = bittensor.Synapse() if o.ping else ImageSynapse(image=image, testnet_label=o.testnet_label)
        return await dendrite.call(axon_info(o), question, timeout=o.timeout, deserialize=False)

    if o.together:
        for answer in await asyncio.gather(*(ask() for _ in range(o.times))):
            print(json.dumps(line(answer)), flush=True)
    else:
        for _ in range(o.times):
            print(json.dumps(line(await ask())), flush=True)
    await dendrite.aclose_session()


asyncio.run(main())
