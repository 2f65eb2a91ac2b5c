"""Opens our wallet `ours` and writes one of its own: python wallet.py ROOT PASSWORD COLD_SIGNATURE SR_SIGNATURE ED_SIGNATURE.

Prints JSON: a line for each key of ours, then one for its own wallets.
"""

import contextlib
import json
import sys
from pathlib import Path

from bittensor_wallet import Keyfile, Keypair, Wallet
from bittensor_wallet.keyfile import legacy_encrypt_keyfile_data, serialized_keypair_to_keyfile_data

ROOT, PASSWORD, *SIGNATURES = sys.argv[1:]
MESSAGE = b"hello"


def quietly(call, *arguments, **named):
    """The package prints as it encrypts; our lines are JSON."""
    with contextlib.redirect_stdout(sys.stderr):
        return call(*arguments, **named)


def row(key):
    """What a key is and how it signs."""
    return {"ss58": key.ss58_address, "crypto_type": key.crypto_type, "signature": key.sign(MESSAGE).hex()}


def ours():
    """Each private key of ours with its public file."""
    sr, ed = (Wallet(name="ours", hotkey=hotkey, path=ROOT) for hotkey in ("sr", "ed"))
    yield quietly(sr.get_coldkey, PASSWORD), sr.coldkeypub
    yield sr.hotkey, sr.hotkeypub
    yield ed.hotkey, ed.hotkeypub


for (key, public), signature in zip(ours(), SIGNATURES, strict=True):
    verified = public.verify(MESSAGE, bytes.fromhex(signature))
    print(json.dumps(row(key) | {"public": public.ss58_address, "verified": verified}), flush=True)

made = {}
wallet = Wallet(name="theirs", hotkey="sr", path=ROOT)
quietly(wallet.create_new_coldkey, coldkey_password=PASSWORD, suppress=True)
quietly(wallet.create_new_hotkey, use_password=False, suppress=True)
made["nacl"], made["sr"] = row(wallet.coldkey), row(wallet.hotkey)
wallet = Wallet(name="theirs", hotkey="ed", path=ROOT)
quietly(wallet.create_new_hotkey, n_words=24, use_password=False, suppress=True, crypto_type=0)
made["ed"] = row(wallet.hotkey)
old = Keypair.create_from_mnemonic(Keypair.generate_mnemonic(24))
folder = Path(ROOT) / "ansible"
folder.mkdir()
(folder / "coldkey").write_bytes(quietly(legacy_encrypt_keyfile_data, serialized_keypair_to_keyfile_data(old), PASSWORD))
made["ansible"] = row(old)
keyfile = Keyfile(wallet.coldkey_file.path)
made["variable"], made["value"] = keyfile.env_var_name(), quietly(keyfile.save_password_to_env, PASSWORD)
print(json.dumps(made), flush=True)
