"""Drives a gateway with Twilio's own client: python twilio_client.py BASE ACCOUNT TOKEN SID"""

import json
import sys

from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

base, account, token, sid = sys.argv[1:5]


def client(token):
    made = Client(account, token)
    made.api.base_url = base
    return made


def refused(token, **message):
    try:
        client(token).messages.create(**message)
    except TwilioRestException as error:
        return [error.status, error.code]
    return None


good = {"to": "+4915123456780", "from_": "+15005550006"}
theirs = client(token).messages.create(body="grün & 100% = [ok]+", **good)
ours = client(token).messages(sid).fetch()
said = {
    "theirs": {"sid": theirs.sid, "body": theirs.body},
    "ours": {"to": ours.to, "body": ours.body, "num_segments": ours.num_segments},
    "bad_number": refused(token, body="x", to="0151", from_="+15005550006"),
    "bad_token": refused("nonsense", body="x", **good),
    "too_long": refused(token, body="x" * 1601, **good),
}
print("said", json.dumps(said))
