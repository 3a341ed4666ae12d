"""TLS: which certificates are trusted, and the error for those that are not."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fe2tui.errors import UnreachableError
from tests.aws.conftest import Answers, Open, answering

IDENTITY = (
    b"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::1:user/jo</Arn><Account>1</Account>"
    b"</GetCallerIdentityResult></GetCallerIdentityResponse>"
)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1 that no computer trusts, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stranger")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "certificate.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(made.public_bytes(pem) + private)
    return file


@pytest.fixture
def safe_answers(certificate: Path) -> Iterator[Answers]:
    """An address that answers by TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with answering(context) as told:
        told.body = IDENTITY
        yield told


async def test_a_self_signed_certificate_is_refused_and_the_error_says_what_to_do(
    demo_env: Path, open_session: Open, safe_answers: Answers
) -> None:
    with pytest.raises(UnreachableError, match=r"computer does not trust the certificate.*AWS_CA_BUNDLE"):
        await open_session(endpoint_url=safe_answers.url).identity()
    assert safe_answers.asked == 0


async def test_a_certificate_in_the_persons_own_bundle_is_trusted(
    demo_env: Path, open_session: Open, safe_answers: Answers, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
    assert (await open_session(endpoint_url=safe_answers.url).identity()).login == "jo"


async def test_who_was_trusted_through_a_bundle_is_not_trusted_without_it(
    demo_env: Path, open_session: Open, safe_answers: Answers, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("AWS_CA_BUNDLE", str(certificate))
        await open_session(endpoint_url=safe_answers.url).identity()
    with pytest.raises(UnreachableError):
        await open_session(endpoint_url=safe_answers.url).identity()
