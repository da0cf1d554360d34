"""Node files: what is right is read, what is wrong is told with its key."""

from pathlib import Path

import pytest

from gateway.configuration.locate import config_roots
from gateway.configuration.nodes import load_node, node_names
from gateway.domain.errors import ConfigError
from gateway.domain.node import Limits, Node, Peer, Policy

BASE = 'description = "x"\nae_title = "A"\nport = 0\n'


def load(folder: Path, text: str) -> Node:
    (folder / "nodes").mkdir(exist_ok=True)
    (folder / "nodes" / "n.toml").write_text(text)
    return load_node("n", (folder,))


def test_ours_is_safe() -> None:
    roots = config_roots(None)
    for name in node_names(roots):
        node = load_node(name, roots)
        assert node.host == "127.0.0.1"
        assert node.limits == Limits()


def test_everything_is_read(tmp_path: Path) -> None:
    for name in ("n.pem", "n.key", "ca.pem"):
        (tmp_path / "nodes").mkdir(exist_ok=True)
        (tmp_path / "nodes" / name).write_text("")
    node = load(
        tmp_path,
        BASE
        + """
destinations = ["PACS"]
worklist = "TMS"
[limits]
associations = 5
idle_s = 1.5
[tls]
certificate = "n.pem"
key = "n.key"
authorities = "ca.pem"
[peers.PACS]
host = "10.0.0.1"
port = 104
policy = "quarantine"
tls = true
certificate_name = "pacs"
pseudonymise = true
[peers.TMS]
host = "10.0.0.2"
port = 105
""",
    )
    assert node.peers["PACS"] == Peer(
        "PACS",
        "10.0.0.1",
        104,
        Policy.QUARANTINE,
        tls=True,
        certificate_name="pacs",
        pseudonymise=True,
    )
    assert (node.limits.associations, node.limits.idle_s) == (5, 1.5)
    assert node.tls is not None
    assert node.tls.key == tmp_path / "nodes" / "n.key"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('ae_title = "A"\nport = 0\n', "description: missing"),
        (BASE + "colour = 1\n", "colour: unknown key"),
        (BASE.replace('"A"', '"SEVENTEEN_LETTERS"'), "ae_title"),
        (BASE.replace('"A"', '"   "'), "ae_title"),
        (BASE + 'destinations = ["B"]\n', "B: named, but no peer"),
        (BASE + '[peers.B]\npolicy = "deliver"\n', "wants a room"),
        (BASE + '[peers.B]\nroom = "r"\n', "wants a room"),
        (BASE + '[peers.B]\npolicy = "eat"\n', "peers.B.policy"),
        (BASE + "[peers.B]\nport = 104\n", "a port wants a host"),
        (BASE + 'worklist = "B"\n[peers.B]\n', "peers.B: is to be called"),
        (BASE + 'host = "10.0.0.1"\nunknown_peers = true\n', "unknown_peers wants a loopback host"),
        (BASE + "[limits]\nassociations = 0\n", "associations"),
        (BASE + "[limits]\nidle_s = nan\n", "idle_s"),
        (BASE + '[tls]\ncertificate = "a"\nkey = "b"\nauthorities = "c"\n', "is no file"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        load(tmp_path, text)
