"""Addresses and credentials: what cannot be used is refused by name."""

from pathlib import Path

import pytest

from gateway.adapters.mqtt.address import Credentials, broker_at
from gateway.domain.errors import ConfigError
from gateway.settings import Mqtt, load_settings


@pytest.mark.parametrize(
    ("url", "wanted", "embedded"),
    [
        ("mqtt://broker", "mqtt://broker:1883", False),
        ("mqtt://[::1]:1884/", "mqtt://::1:1884", False),
        ("mqtts://broker", "mqtts://broker:8883", False),
        ("embedded:", "mqtt://127.0.0.1:1883", True),
        ("embedded:0", "mqtt://127.0.0.1:0", True),
    ],
)
def test_addresses(url: str, wanted: str, embedded: bool) -> None:
    broker, own = broker_at(url, Credentials(), "id")
    assert (str(broker), own) == (wanted, embedded)
    assert (broker.tls is None) == (not url.startswith("mqtts"))


@pytest.mark.parametrize(
    "url",
    ["", "broker", "http://broker", "mqtt://", "mqtt://broker:x", "mqtt://u:p@broker",
     "mqtt://broker/path", "embedded:many"],
)  # fmt: skip
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="MQTT"):
        broker_at(url, Credentials(), "id")


def test_a_password_is_read_of_a_private_file_alone(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("correct horse\n")
    file.chmod(0o644)
    named = Credentials("gateway", file)
    with pytest.raises(ConfigError, match="chmod 600"):
        broker_at("mqtt://localhost", named, "id")
    file.chmod(0o600)
    broker, _ = broker_at("mqtt://localhost", named, "id")
    assert broker.password == "correct horse"
    with pytest.raises(ConfigError, match="mqtts"):
        broker_at("mqtt://broker.example", named, "id")
    with pytest.raises(ConfigError, match="cannot be read"):
        broker_at("mqtt://localhost", Credentials("gateway", tmp_path / "none"), "id")
    with pytest.raises(ConfigError, match="belong together"):
        broker_at("mqtt://localhost", Credentials("gateway"), "id")


def test_files_of_tls_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    file = tmp_path / "authorities.pem"
    with pytest.raises(ConfigError, match=r"authorities\.pem: cannot be used: No such file"):
        broker_at("mqtts://broker", Credentials(authorities=file), "id")
    file.write_text("rubbish")
    with pytest.raises(ConfigError, match=r"authorities\.pem"):
        broker_at("mqtts://broker", Credentials(authorities=file), "id")


def test_the_settings_name_a_broker_or_none(tmp_path: Path) -> None:
    assert load_settings(None).mqtt is None
    file = tmp_path / "settings.toml"
    file.write_text('[mqtt]\nurl = "mqtt://broker"\ntelemetry_hz = 10\n')
    assert load_settings(file).mqtt == Mqtt(url="mqtt://broker", telemetry_hz=10.0)
    file.write_text('[mqtt]\nurl = "mqtt://broker"\npassword = "x"\n')
    with pytest.raises(ConfigError, match=r"mqtt\.password"):
        load_settings(file)
