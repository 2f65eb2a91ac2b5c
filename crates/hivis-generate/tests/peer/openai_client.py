"""Asks a server of chat completions with OpenAI's own client, and prints what it said as JSON."""

import base64
import json
import sys

import openai

url, key, picture = sys.argv[1:]
client = openai.OpenAI(base_url=url, api_key=key, max_retries=0)
data = base64.b64encode(open(picture, "rb").read()).decode()
seen = client.chat.completions.create(
    model="street-vision",
    max_tokens=200,
    messages=[{"role": "user", "content": [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64," + data}},
    ]}],
)
told = client.chat.completions.create(model="street-vision", messages=[{"role": "user", "content": "Rewrite x"}])
try:
    openai.OpenAI(base_url=url, api_key="sk-wrong", max_retries=0).models.list()
    refused = 200
except openai.AuthenticationError as error:
    refused = error.status_code
print("said " + json.dumps({
    "caption": seen.choices[0].message.content,
    "tokens": [seen.usage.prompt_tokens, seen.usage.completion_tokens],
    "rewritten": told.choices[0].message.content,
    "models": [model.id for model in client.models.list()],
    "refused": refused,
}))
