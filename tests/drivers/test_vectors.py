"""Every shared vector against the drivers' codecs: whole, byte by byte, with trailing bytes."""

import pytest

from drivers.couch_grbl import codec as grbl
from drivers.couch_grbl import messages as g
from drivers.epid import codec as pfp
from drivers.linac import codec as lcp
from tests.drivers.vectors import Vector, plain, vectors
from tests.drivers.wires import WIRES, Wire, drained
from tests.protocols.write.document import FOLDER, PAGES, document

RECEIVED = [
    pytest.param(wire, vector, id=f"{wire}: {vector}") for wire in WIRES for vector in wire.received
]
REQUESTS = {"lcp1": lcp, "pfp1": pfp}
SENT = [
    pytest.param(name, vector, id=f"{name}: {vector}")
    for name in REQUESTS
    for vector in vectors(name, "gateway")
]


def expected(vector: Vector) -> tuple[int, list[object]]:
    return vector.sequence, vector.values


def said(items: list[tuple[int, object]]) -> list[tuple[int, list[object]]]:
    return [(sequence, plain(message)) for sequence, message in items]


@pytest.mark.parametrize("name", PAGES)
def test_vectors_are_what_their_script_spells_out(name: str) -> None:
    assert (FOLDER / f"{name}.json").read_text(encoding="utf-8") == document(name)


@pytest.mark.parametrize(("wire", "vector"), RECEIVED)
def test_received_whole(wire: Wire, vector: Vector) -> None:
    assert said(drained(wire.decoder(), vector.wire)) == [expected(vector)]


@pytest.mark.parametrize(("wire", "vector"), RECEIVED)
def test_received_byte_by_byte(wire: Wire, vector: Vector) -> None:
    decoder = wire.decoder()
    items = [item for byte in vector.wire for item in drained(decoder, bytes((byte,)))]
    assert said(items) == [expected(vector)]


@pytest.mark.parametrize(("wire", "vector"), RECEIVED)
def test_received_with_the_beginning_of_the_next(wire: Wire, vector: Vector) -> None:
    decoder = wire.decoder()
    first = drained(decoder, vector.wire + vector.wire[:5])
    second = drained(decoder, vector.wire[5:])
    assert said(first + second) == [expected(vector)] * 2


@pytest.mark.parametrize("wire", WIRES, ids=str)
def test_received_all_in_one_portion(wire: Wire) -> None:
    whole = b"".join(vector.wire for vector in wire.received)
    assert said(drained(wire.decoder(), whole)) == [expected(vector) for vector in wire.received]


@pytest.mark.parametrize(("name", "vector"), SENT)
def test_sent(name: str, vector: Vector) -> None:
    codec = REQUESTS[name]
    by_kind = {layout.kind: layout for layout in codec.REQUESTS.values()}
    layout = by_kind[vector.wire[3]]
    request = layout.decode(vector.wire[12:-4])
    assert plain(request) == vector.values
    payload = codec.encode_payload(request)
    assert codec.frame(vector.sequence, type(request), payload) == vector.wire


@pytest.mark.parametrize("vector", vectors("grbl11", "gateway"), ids=str)
def test_sent_to_the_couch(vector: Vector) -> None:
    wire = {
        "ASK_STATUS": lambda: g.RealTime.STATUS.value,
        "JOG_CANCEL": lambda: g.RealTime.JOG_CANCEL.value,
        "BUILD_INFO": lambda: grbl.encode_line(g.AskBuildInfo()),
        "JOG": lambda: grbl.encode_line(g.Jog(*vector.values)),
    }[vector.type]()
    assert wire == vector.wire


def test_every_message_type_has_a_vector() -> None:
    for name, codec in REQUESTS.items():
        sent = {vector.wire[3] for vector in vectors(name, "gateway")}
        assert sent == {layout.kind for layout in codec.REQUESTS.values()}
    received = {vector.wire[3] for vector in vectors("lcp1", "machine")}
    assert received == {layout.kind for layout in lcp.ANSWERS.values()} | {0x84}
    received = {vector.wire[3] for vector in vectors("pfp1", "imager")}
    assert received == {layout.kind for layout in pfp.ANSWERS.values()}
