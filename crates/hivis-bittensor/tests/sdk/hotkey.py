"""Reads a hotkey with the official wallet and signs a word: python hotkey.py ROOT WALLET HOTKEY."""

import json
import sys

from bittensor_wallet import Wallet

root, name, hotkey = sys.argv[1:]
key = Wallet(name=name, hotkey=hotkey, path=root).hotkey
print(json.dumps({"ss58": key.ss58_address, "signature": key.sign(b"hello").hex()}), flush=True)
