"""Reads a model repository with the official client: read_card.py OWNER/NAME FOLDER; prints the card's data as JSON."""

import json
import sys

from huggingface_hub import ModelCard, hf_hub_download, snapshot_download

name, folder = sys.argv[1:]
files = snapshot_download(name, local_dir=folder + "/files", max_workers=1)
with open(hf_hub_download(name, "model_card.json")) as file:
    fields = ["model_name", "description", "version", "submitted_by", "submission_time"]
    assert list(json.load(file)) == fields
card = ModelCard.load(name)
card.validate(repo_type="model")
print(json.dumps(card.data.to_dict()))
