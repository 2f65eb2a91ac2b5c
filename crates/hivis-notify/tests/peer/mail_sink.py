"""A real SMTP server that prints its port, then each mail as one line of JSON: python mail_sink.py MODE PEM

MODE: plain, starttls, implicit (both want ann's login), hang-at-greeting, hang-after-data, refuse.
"""

import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

mode, pem = sys.argv[1:3]


class Sink:
    async def handle_DATA(self, server, session, envelope):
        if mode == "hang-after-data":
            await asyncio.sleep(3600)
        if mode == "refuse":
            return "450 4.2.1 come back later"
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        parts = {part.get_content_type(): part for part in mail.walk() if not part.is_multipart()}
        names = ["subject", "from", "to", "bcc", "message-id", "references", "in-reply-to", "auto-submitted"]
        login = session.auth_data.login.decode() if session.authenticated else None
        said = {
            "to": envelope.rcpt_tos,
            "login": login,
            "headers": {name: None if mail[name] is None else str(mail[name]) for name in names},
            "text": parts["text/plain"].get_content(),
            "html": parts["text/html"].get_content(),
            "defects": [str(defect) for part in mail.walk() for defect in part.defects],
        }
        print(json.dumps(said), flush=True)
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    good = isinstance(data, LoginPassword) and data.login == b"ann" and data.password == b"pass-word"
    return AuthResult(success=good, handled=False, auth_data=data if good else None)


def factory():
    with_login = {"auth_required": True, "authenticator": authenticate}
    if mode == "starttls":
        return SMTP(Sink(), tls_context=context(), require_starttls=True, **with_login)
    if mode == "implicit":
        return SMTP(Sink(), auth_require_tls=False, **with_login)
    return SMTP(Sink())


def context():
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.load_cert_chain(pem)
    return made


async def main():
    loop = asyncio.get_running_loop()
    if mode == "hang-at-greeting":
        server = await asyncio.start_server(lambda reader, writer: asyncio.sleep(3600), "127.0.0.1", 0)
    else:
        server = await loop.create_server(factory, "127.0.0.1", 0, ssl=context() if mode == "implicit" else None)

    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
