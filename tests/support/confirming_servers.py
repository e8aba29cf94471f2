"""Those who confirm checkpoints, on loopback: a witness, and a time-stamping authority that
`openssl ts` plays."""

from __future__ import annotations

import datetime as dt
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from bot.querylog.witnesses import NotCosigned, Witness

#: Status, type of the content, and content.
Reply = tuple[int, str, bytes]


@contextmanager
def answering(reply: Callable[[str, bytes], Reply]) -> Iterator[str]:
    """A server on loopback that answers each POST; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, kind, content = reply(self.path, body)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def witnessing(witness: Witness, calls: list[str] | None = None) -> Callable[[str, bytes], Reply]:
    """A witness as https://c2sp.org/tlog-witness has it."""

    def reply(path: str, body: bytes) -> Reply:
        if path != "/add-checkpoint":
            return 404, "text/plain", b""
        if calls is not None:
            calls.append(body.decode().partition("\n")[0])
        try:
            return 200, "text/plain", witness.add_checkpoint(body.decode()).encode()
        except NotCosigned as error:
            if error.size is not None:
                return 409, "text/x.tlog.size", f"{error.size}\n".encode()
            return error.status, "text/plain", str(error).encode()

    return reply


class Authority:
    """A time-stamping authority with a root of its own, in a folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder, self.root = folder, folder / "root.pem"
        root_key, key = (rsa.generate_private_key(65537, 2048) for _ in range(2))
        root = _certificate("A root", root_key.public_key(), "A root", root_key, None)
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        stamper = _certificate("A clock", key.public_key(), "A root", root_key, usage)
        self.root.write_bytes(root.public_bytes(serialization.Encoding.PEM))
        (folder / "tsa.pem").write_bytes(stamper.public_bytes(serialization.Encoding.PEM))
        (folder / "tsa.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        (folder / "serial").write_text("01\n")
        (folder / "tsa.cnf").write_text(
            "[tsa]\ndefault_tsa = tsa1\n[tsa1]\n"
            f"serial = {folder}/serial\nsigner_cert = {folder}/tsa.pem\n"
            f"signer_key = {folder}/tsa.key\nsigner_digest = sha256\n"
            "default_policy = 1.2.3.4.1\ndigests = sha256\nordering = yes\ness_cert_id_chain = no\n"
        )

    def __call__(self, _path: str, query: bytes) -> Reply:
        (self.folder / "query").write_bytes(query)
        subprocess.run(
            ["openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query",
             "-out", "reply"],
            cwd=self.folder, check=True, capture_output=True,
        )  # fmt: skip
        return 200, "application/timestamp-reply", (self.folder / "reply").read_bytes()


def _certificate(
    subject: str,
    public: rsa.RSAPublicKey,
    issuer: str,
    key: rsa.RSAPrivateKey,
    usage: x509.ExtendedKeyUsage | None,
) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=usage is None, path_length=None), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )
    if usage is not None:
        builder = builder.add_extension(usage, critical=True)
    else:
        builder = builder.add_extension(
            x509.KeyUsage(
                digital_signature=True, key_cert_sign=True, crl_sign=True,
                content_commitment=False, key_encipherment=False, data_encipherment=False,
                key_agreement=False, encipher_only=False, decipher_only=False,
            ),
            critical=True,
        )  # fmt: skip
    return builder.sign(key, hashes.SHA256())
