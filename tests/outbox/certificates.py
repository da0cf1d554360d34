"""Certificates for TLS on the loopback interface, made when they are wanted."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.domain.node import Tls

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Authority:
    """Signs certificates; its own lies in ``folder``."""

    folder: Path
    name: str
    key: ec.EllipticCurvePrivateKey

    @property
    def file(self) -> Path:
        return self.folder / f"{self.name}.pem"

    def tls(self, name: str, valid_days: tuple[int, int] = (-1, 1)) -> Tls:
        """A key and a certificate for ``name``, valid between two days from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _certificate(name, key, self.name, self.key, valid_days, authority=False)
        key_file = self.folder / f"{name}.key"
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        file = self.folder / f"{name}.crt"
        file.write_bytes(certificate)
        return Tls(file, key_file, self.file)


def authority(folder: Path, name: str = "authority") -> Authority:
    """An authority that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    made = Authority(folder, name, key)
    made.file.write_bytes(_certificate(name, key, name, key, (-1, 1), authority=True))
    return made


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    valid_days: tuple[int, int],
    *,
    authority: bool,
) -> bytes:
    now = datetime.now(UTC)
    hosts = [x509.DNSName(host) for host in (f"{name}.test", name)]
    first, last = (now + days * DAY for days in valid_days)
    made = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(first)
        .not_valid_after(last)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
