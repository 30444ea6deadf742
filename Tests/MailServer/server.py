"""A mail server for tests: aiosmtpd, which keeps what it is sent in a file of JSON lines, each mail
as Python's own parser understands it. It prints its address as one line.

What it does with a recipient stands in the address: refused@ is refused for good, busy@ for now,
full@ behind the whole mail, silent@ gets no answer, lost@ is taken and the connection broken off
before the server says so.
"""

import argparse
import asyncio
import email
import email.policy
import json
import ssl

from aiosmtpd.smtp import SMTP, AuthResult


class Mailbox:
    def __init__(self, path):
        self.path = path

    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.partition("@")[0]
        if name == "refused":
            return "550 5.1.1 nobody of that name\x1b[2J"
        if name == "busy":
            return "450 4.2.1 try again later"
        if name == "silent":
            await asyncio.sleep(3600)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        names = [address.partition("@")[0] for address in envelope.rcpt_tos]
        if "full" in names:
            return "552 5.2.2 mailbox full"
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        text = mail.get_content().replace("\r\n", "\n")
        entry = {
            "sender": envelope.mail_from,
            "recipients": envelope.rcpt_tos,
            "user": session.auth_data if session.authenticated else None,
            "tls": bool(session.ssl) or server.transport.get_extra_info("sslcontext") is not None,
            "raw": envelope.content.decode("ascii"),
            "headers": {name.lower(): str(value) for name, value in mail.items()},
            "from_name": mail["from"].addresses[0].display_name,
            "from_address": mail["from"].addresses[0].addr_spec,
            "date": mail["date"].datetime.isoformat(),
            "text": text,
            "defects": [str(defect) for defect in mail.defects]
            + [str(defect) for value in mail.values() for defect in value.defects],
        }
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
        if "lost" in names:
            server.transport.abort()
        return "250 kept"


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--mailbox", required=True)
    parser.add_argument("--tls", choices=["none", "starttls", "implicit"], default="none")
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--user")
    parser.add_argument("--password")
    arguments = parser.parse_args()

    context = None
    if arguments.tls != "none":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(arguments.certificate, arguments.key)

    def authenticate(server, session, envelope, mechanism, data):
        login = (data.login.decode(), data.password.decode())
        # What isn't handled here the server answers by 535.
        is_right = login == (arguments.user, arguments.password)
        return AuthResult(success=is_right, handled=False, auth_data=login[0])

    def connection():
        return SMTP(
            Mailbox(arguments.mailbox),
            hostname="mail.test",
            tls_context=context if arguments.tls == "starttls" else None,
            require_starttls=arguments.tls == "starttls",
            auth_required=arguments.user is not None,
            auth_require_tls=arguments.tls == "starttls",
            authenticator=authenticate,
            loop=asyncio.get_running_loop(),
        )

    server = await asyncio.get_running_loop().create_server(
        connection, "127.0.0.1", 0, ssl=context if arguments.tls == "implicit" else None
    )
    scheme = "smtps" if arguments.tls == "implicit" else "smtp"
    print(f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


asyncio.run(main())
