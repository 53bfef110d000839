"""The fleet's own certificate authority. The only module of the tools that makes certificates.

`cryptography` won over calling `openssl`: typed, no shell, and the same package checks signatures on the vehicle.
Keys are P-256: small, quick on a small board, understood by every broker.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

Use = Literal["client", "server"]

CA_DAYS: Final = 3653
SLACK: Final = timedelta(hours=1)
"""Certificates begin this much before they are made: the clocks of a fleet differ [D]."""
_USES: Final = {"client": ExtendedKeyUsageOID.CLIENT_AUTH, "server": ExtendedKeyUsageOID.SERVER_AUTH}


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its private key, both PEM."""

    certificate: bytes
    key: bytes


class Authority:
    """Signs certificates and the list of revoked ones."""

    def __init__(self, certificate: bytes, key: bytes) -> None:
        """Take the authority's own PEM files; raises `ValueError` when they are none."""
        self.pem = certificate
        self._certificate = x509.load_pem_x509_certificate(certificate)
        loaded = serialization.load_pem_private_key(key, None)
        if not isinstance(loaded, ec.EllipticCurvePrivateKey):
            raise ValueError("the authority's key is no elliptic-curve key")  # noqa: TRY004 - the file is wrong
        self._key: CertificateIssuerPrivateKeyTypes = loaded

    @staticmethod
    def create(name: str, now: datetime) -> Pair:
        """Return a new self-signed authority that can sign leaves only."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        public = key.public_key()
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - SLACK)
            .not_valid_after(now + timedelta(days=CA_DAYS))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(signs=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .sign(key, hashes.SHA256())
        )
        return Pair(certificate.public_bytes(serialization.Encoding.PEM), _private(key))

    def issue(self, name: str, use: Use, begin: datetime, end: datetime, addresses: Sequence[str] = ()) -> Pair:
        """Return a certificate for `name`; a server's is good for `addresses`, host names or IP addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(self._certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(min(end, self._certificate.not_valid_after_utc))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([_USES[use]]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
                    self._certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
                ),
                critical=False,
            )
        )
        if addresses:
            names = x509.SubjectAlternativeName([_address(address) for address in addresses])
            builder = builder.add_extension(names, critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        return Pair(certificate.public_bytes(serialization.Encoding.PEM), _private(key))

    def revocations(self, serials: Iterable[int], now: datetime) -> bytes:
        """Return the signed list of revoked certificates.

        It does not run out before the authority does: a broker that finds it out of date lets nobody in at all.
        """
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._certificate.subject)
            .last_update(now - SLACK)
            .next_update(self._certificate.not_valid_after_utc)
        )
        for serial in sorted(serials):
            revoked = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now).build()
            builder = builder.add_revoked_certificate(revoked)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@dataclass(frozen=True, slots=True)
class Facts:
    """What stands in a certificate."""

    name: str
    serial: int
    begin: datetime
    end: datetime


def read_facts(certificate: bytes) -> Facts:
    """Return what stands in a PEM certificate; raises `ValueError` when it is none."""
    loaded = x509.load_pem_x509_certificate(certificate)
    (name,) = loaded.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return Facts(str(name.value), loaded.serial_number, loaded.not_valid_before_utc, loaded.not_valid_after_utc)


def utc_now() -> datetime:
    """Return now, in whole seconds as certificates hold them."""
    return datetime.now(tz=UTC).replace(microsecond=0)


def _key_usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _address(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
