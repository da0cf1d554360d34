"""LCP/1 vectors, from docs/protocols/linac-control.md."""

from typing import Any

from tests.protocols.write.wire import (
    I32_MAX,
    I64_MAX,
    LONGEST,
    OTHER_TOKEN,
    TOKEN,
    U16_MAX,
    U32_MAX,
    U64_MAX,
    Part,
    Vector,
    frame,
)


def gateway_lcp(kind: int, name: str, sequence: int, note: str, *parts: Part) -> Vector:
    return frame(b"LC", "gateway", kind, name, sequence, note, *parts)


def machine_lcp(kind: int, name: str, sequence: int, note: str, *parts: Part) -> Vector:
    return frame(b"LC", "machine", kind, name, sequence, note, *parts)


def load_begin(sequence: int, note: str, *values: Any) -> Vector:
    names = ("token", "beam_number", "beam_name", "mode", "control_points", "profile_pieces")
    codes = ("bytes", "H", "text", "text", "I", "I")
    more = (("duration_s", "d"), ("maximum_dose_rate", "I"), ("accessories", "texts"))
    layout = (*zip(names, codes, strict=True), *more)
    parts = [(name, code, value) for (name, code), value in zip(layout, values, strict=True)]
    return gateway_lcp(0x03, "LOAD_BEGIN", sequence, note, *parts)


def telemetry(sequence: int, note: str, *values: Any) -> Vector:
    names = ("machine_time_ns", "state", "zero", "interlocks", "beam_number", "program_s")
    more = ("meterset", "dose_rate", "positions")
    codes = ("Q", "B", "B", "H", "H", "I", "q", "I", "positions")
    parts = list(zip((*names, *more), codes, values, strict=True))
    vector = machine_lcp(0x84, "TELEMETRY", sequence, note, *parts)
    del vector["fields"]["zero"]
    return vector


def event(sequence: int, note: str, *values: Any) -> Vector:
    names = ("machine_time_ns", "state", "interlocks", "code", "text")
    parts = list(zip(names, ("Q", "B", "H", "text", "text"), values, strict=True))
    return machine_lcp(0x85, "EVENT", sequence, note, *parts)


def welcome(sequence: int, note: str, *values: Any) -> Vector:
    names = ("protocol", "sample_period_us", "dead_man_ms", "manufacturer", "model")
    more = ("serial_number", "software_version", "axes", "mlcs")
    codes = ("H", "I", "I", "text", "text", "text", "text", "codes", "mlcs")
    return machine_lcp(
        0x81, "WELCOME", sequence, note, *zip((*names, *more), codes, values, strict=True)
    )


def read_back(sequence: int, note: str, *values: Any) -> Vector:
    names = ("state", "interlocks", "beam_number", "mode", "accessories", "start_meterset")
    more = ("end_meterset", "program_crc", "positions")
    codes = ("B", "H", "H", "text", "texts", "q", "q", "I", "positions")
    return machine_lcp(
        0x86, "READ_BACK", sequence, note, *zip((*names, *more), codes, values, strict=True)
    )


def counter(sequence: int, note: str, *values: Any) -> Vector:
    names = ("known", "token", "beam_number", "start_meterset", "meterset", "finished")
    codes = ("B", "bytes", "H", "q", "q", "B")
    return machine_lcp(0x87, "COUNTER", sequence, note, *zip(names, codes, values, strict=True))


def vectors() -> list[Vector]:
    all_axes = [1, 2, 3, 4, 5, 9, 10, 11, 12]
    requests = [
        gateway_lcp(
            1, "HELLO", 1, "first request", ("protocol", "H", 1), ("client", "text", "gw 0.1")
        ),
        gateway_lcp(1, "HELLO", 1, "no name", ("protocol", "H", U16_MAX), ("client", "text", "")),
        gateway_lcp(2, "HEARTBEAT", U32_MAX, "empty payload, highest number"),
        load_begin(
            2, "an arc", TOKEN, 1, "Bogen 180°→179°", "6FFF", 178, 640, 61.25, 1_400_000, []
        ),
        load_begin(
            3,
            "longest, most and empty strings",
            *(OTHER_TOKEN, U16_MAX, LONGEST, "", 4096, 65536, 1e9, U32_MAX, ["", "Keil 15°"]),
        ),
        gateway_lcp(
            4,
            "LOAD_CONTROL_POINT",
            3,
            "negative and largest positions",
            ("index", "I", 0),
            ("meterset", "q", 0),
            ("positions", "positions", [-180_000, I32_MAX, -I32_MAX - 1, 0, 1, -1]),
        ),
        gateway_lcp(
            4,
            "LOAD_CONTROL_POINT",
            4,
            "largest meterset, no positions",
            ("index", "I", 4095),
            ("meterset", "q", I64_MAX),
            ("positions", "positions", []),
        ),
        gateway_lcp(
            5,
            "LOAD_PROFILE",
            5,
            "two pieces",
            ("index", "I", 0),
            ("pieces", "pieces", [[0.0, 0.0, 0.0, 1.5], [0.5, 0.1875, 0.75, -0.1]]),
        ),
        gateway_lcp(5, "LOAD_PROFILE", 6, "none", ("index", "I", 65535), ("pieces", "pieces", [])),
        gateway_lcp(6, "LOAD_END", 7, "highest CRC", ("program_crc", "I", U32_MAX)),
        gateway_lcp(7, "PREPARE", 8, "empty payload"),
        gateway_lcp(8, "BEAM_ON", 9, "with the program's CRC", ("program_crc", "I", 0xCBF43926)),
        gateway_lcp(9, "HOLD", 10, "empty payload"),
        gateway_lcp(0xA, "RESUME", 11, "empty payload"),
        gateway_lcp(0xB, "TERMINATE", 12, "empty payload"),
        gateway_lcp(0xC, "READ_BACK", 13, "empty payload"),
        gateway_lcp(
            0xD,
            "READ_COUNTER",
            14,
            "a beam of a delivery",
            ("token", "bytes", TOKEN),
            ("beam_number", "H", 3),
        ),
        gateway_lcp(0xE, "UNLOAD", 15, "empty payload"),
    ]
    answers = [
        welcome(
            1,
            "every axis, two layers",
            *(1, 20_000, 250, "Maker", "Modell Ü", "SN-1", "1.0", all_axes, [[3, 28], [4, 29]]),
        ),
        welcome(1, "bare and extreme", U16_MAX, U32_MAX, 0, "", "", "", LONGEST, [], []),
        welcome(1, "MLCX and MLCY", 1, 1, 1, "a", "b", "c", "d", [1], [[1, 60], [2, U16_MAX]]),
        machine_lcp(0x82, "ACK", 2, "empty payload"),
        *(
            machine_lcp(
                0x83, "NAK", 3 + code, "each code", ("code", "H", code), ("text", "text", "no: é")
            )
            for code in range(1, 9)
        ),
        *(
            telemetry(state + 1, "each state", 20_000_000 * state, state, 0, 0, 1, 0, 0, 0, [0])
            for state in range(9)
        ),
        telemetry(
            10,
            "negative positions, beam on",
            *(1_000_000_000, 4, 0, 0, 7, 25_000, 123_456_789, 600_000, [-180_000, 1, -200_125]),
        ),
        telemetry(
            U32_MAX,
            "largest values, every interlock",
            *(U64_MAX, 8, 0, 511, U16_MAX, U32_MAX, I64_MAX, U32_MAX, [I32_MAX, -I32_MAX - 1]),
        ),
        telemetry(11, "no positions", 0, 0, 0, 0, 0, 0, -1, 0, []),
        event(1, "change of state", 20_000_000, 3, 0, "PREPARED", ""),
        event(2, "interlock", U64_MAX, 7, 8, "DEAD_MAN", "kein Lebenszeichen für 250 ms"),
        event(3, "longest texts", 0, 8, 511, LONGEST, LONGEST),
        read_back(
            16,
            "a prepared beam",
            *(3, 0, 1, "6X", ["wedge 1", "Bolus µ"], 0, 100_000_000, 0xCBF43926, [0, -50_000]),
        ),
        read_back(17, "bare", 0, 511, 0, "", [], 0, 0, 0, []),
        counter(18, "a beam in progress", 1, TOKEN, 3, 1_000_000, 2_500_000, 0),
        counter(19, "a finished beam", 1, OTHER_TOKEN, U16_MAX, 0, I64_MAX, 1),
        counter(20, "never loaded", 0, TOKEN, 3, 0, 0, 0),
    ]
    return requests + answers
