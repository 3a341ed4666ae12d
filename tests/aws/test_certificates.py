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

from fe2tui.errors import UnreachableError, UsageError
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


async def test_a_bundle_in_the_home_folder_is_trusted(
    demo_env: Path,
    open_session: Open,
    safe_answers: Answers,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    clean_environment: Path,
) -> None:
    (clean_environment / "corp.pem").write_bytes(certificate.read_bytes())
    (clean_environment / "config").write_text("[default]\nregion = us-east-2\nca_bundle = ~/corp.pem\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(clean_environment / "config"))
    monkeypatch.delenv("AWS_CA_BUNDLE")
    assert (await open_session(endpoint_url=safe_answers.url).identity()).login == "jo"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "No such file or directory"),
        (b"", "The file is empty"),
        (b"no certificate", "not a list of certificates in the PEM format"),
        (
            b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n",
            "not a list of certificates in the PEM format",
        ),
        ("folder", "Is a directory"),
    ],
)
@pytest.mark.parametrize("where", ["AWS_CA_BUNDLE", "ca_bundle of profile default"])
async def test_a_bundle_that_cannot_be_read_is_named_with_what_names_it(
    demo_env: Path,
    open_session: Open,
    answers: Answers,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    content: bytes | str | None,
    why: str,
    where: str,
) -> None:
    bundle = tmp_path / "corp.pem"
    if isinstance(content, bytes):
        bundle.write_bytes(content)
    elif content is not None:
        bundle.mkdir()
    if where == "AWS_CA_BUNDLE":
        monkeypatch.setenv(where, str(bundle))
    else:
        (tmp_path / "config").write_text(f"[default]\nregion = us-east-2\nca_bundle = {bundle}\n")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
        monkeypatch.delenv("AWS_CA_BUNDLE")
    session = open_session(endpoint_url=answers.url)
    await session.warm_up()
    with pytest.raises(UsageError) as caught:
        await session.identity()
    assert f"{bundle} cannot be read" in caught.value.summary and why in caught.value.summary
    assert where in caught.value.remedy
    assert answers.asked == 0


@pytest.mark.parametrize("proxy", ["socks5://jane:hush@127.0.0.1:9", "socks5h://127.0.0.1:9", "SOCKS4://127.0.0.1:9"])
async def test_a_socks_proxy_is_named_and_nothing_is_sent(
    demo_env: Path, open_session: Open, answers: Answers, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy)
    for profile in (None, "role"):
        with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:9 cannot be used: SOCKS is not supported") as caught:
            await open_session(endpoint_url=answers.url, profile=profile).identity()
        assert "HTTP_PROXY" in caught.value.remedy and "hush" not in str(caught.value)
    assert answers.asked == 0
