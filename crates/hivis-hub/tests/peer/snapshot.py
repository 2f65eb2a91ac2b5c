"""Loads a repository with the official client into a folder: snapshot.py KIND OWNER/NAME FOLDER."""

import sys

from huggingface_hub import snapshot_download

kind, name, folder = sys.argv[1:]
snapshot_download(name, repo_type=kind, local_dir=folder, max_workers=1)
