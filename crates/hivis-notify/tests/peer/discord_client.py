"""Drives a webhook with the library `discord-webhook`: python discord_client.py URL ID

With `limited` as ID one message that is answered 429 first: the statuses that the library saw."""

import json
import sys

import requests
from discord_webhook import DiscordEmbed, DiscordWebhook

url, ours = sys.argv[1:3]
said = {}

if ours == "limited":
    statuses = []
    kept = requests.post

    def watch(*args, **kwargs):
        answer = kept(*args, **kwargs)
        statuses.append(answer.status_code)
        return answer

    requests.post = watch
    DiscordWebhook(url=url, content="limit me", rate_limit_retry=True).execute()
    print("said", json.dumps(statuses))
    sys.exit()

hook = DiscordWebhook(url=url, content="hello @everyone", username="peer", wait=True)
hook.add_embed(DiscordEmbed(title="a title", description="a description", color="03b2f8"))
answer = hook.execute()
said["sent"] = answer.status_code
said["theirs"] = answer.json()
hook.content = "changed"
hook.edit()
said["edited"] = requests.get(f"{url}/messages/{hook.id}").json()["content"]
said["deleted"] = hook.delete().status_code
said["too_long"] = DiscordWebhook(url=url, content="x" * 2001).execute().status_code
said["unknown"] = requests.get(f"{url}/messages/1").status_code
said["ours"] = requests.get(f"{url}/messages/{ours}").json()
print("said", json.dumps(said))
