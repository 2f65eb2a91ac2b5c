"""Uploads a folder with the official client, twice: upload.py OWNER/NAME FOLDER LARGE_FILE."""

import sys

from huggingface_hub import HfApi

name, folder, large = sys.argv[1:]
api = HfApi()
api.create_repo(name, exist_ok=True)
api.create_repo(name, exist_ok=True)
first = api.upload_file(path_or_fileobj=large, path_in_repo="weights/large.bin", repo_id=name)
second = api.upload_folder(folder_path=folder, repo_id=name, commit_message="a folder", parent_commit=first.oid)
assert api.upload_folder(folder_path=folder, repo_id=name).oid == second.oid, "the same again is no commit"
try:
    api.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=name, parent_commit=first.oid)
except Exception as error:
    assert "412" in str(error), error
else:
    raise AssertionError("a commit on an old head was taken")
api.delete_file("release.toml", name)
print(api.repo_info(name, revision="main").sha)
