"""The subnet's question as the SDK knows it. Only names, types and defaults matter on the wire."""

import sys

import pydantic

# The SDK reads the program's arguments on import and would take ours for its own.
ARGUMENTS, sys.argv = sys.argv[1:], sys.argv[:1]

import bittensor  # noqa: E402
from bittensor_wallet import Keypair  # noqa: E402

__all__ = ["ARGUMENTS", "ImageSynapse", "Keypair", "bittensor"]


class ImageSynapse(bittensor.Synapse):
    """A picture in base64, and the probability that it shows roadwork."""

    testnet_label: int = pydantic.Field(default=-1, title="true label, on testnet only")
    image: str = pydantic.Field(default="", title="base64 of a JPEG", frozen=False)
    prediction: float = pydantic.Field(default=-1.0, title="probability of roadwork, -1 for none", frozen=False)

    def deserialize(self) -> float:
        """What the validator's reward code is given."""
        return self.prediction
