"""PFP/1 vectors, from docs/protocols/portal-frame.md."""

from typing import Any

from tests.protocols.write.wire import (
    I64_MAX,
    LONGEST,
    U16_MAX,
    U32_MAX,
    U64_MAX,
    Part,
    Vector,
    frame,
)


def image_frame(note: str, *values: Any) -> Vector:
    names = ("kind", "beam_number", "frame_number", "start_time_ns", "end_time_ns")
    more = ("start_meterset", "end_meterset", "cu_per_count", "saturated", "pixels")
    codes = ("B", "H", "I", "Q", "Q", "q", "q", "d", "I", "image")
    parts = zip((*names, *more), codes, values, strict=True)
    return frame(b"PF", "imager", 0x85, "FRAME", 0, note, *parts)


def pfp_welcome(sequence: int, note: str, *values: Any) -> Vector:
    names = ("protocol", "rows", "columns", "pitch", "source_imager_distance", "bits")
    more = ("maximum_frame_rate", "manufacturer", "model", "serial_number", "software_version")
    codes = ("H", "H", "H", "I", "I", "B", "I", "text", "text", "text", "text")
    parts = zip((*names, *more), codes, values, strict=True)
    return frame(b"PF", "imager", 0x81, "WELCOME", sequence, note, *parts)


def vectors() -> list[Vector]:
    def gateway(kind: int, name: str, sequence: int, note: str, *parts: Part) -> Vector:
        return frame(b"PF", "gateway", kind, name, sequence, note, *parts)

    def imager(kind: int, name: str, sequence: int, note: str, *parts: Part) -> Vector:
        return frame(b"PF", "imager", kind, name, sequence, note, *parts)

    def start(sequence: int, note: str, beam: int, kind: int, rate: int) -> Vector:
        parts = (("beam_number", "H", beam), ("kind", "B", kind), ("frame_rate", "I", rate))
        return gateway(2, "START", sequence, note, *parts)

    return [
        gateway(1, "HELLO", 1, "first", ("protocol", "H", 1), ("client", "text", "gw é")),
        gateway(1, "HELLO", 1, "no name", ("protocol", "H", U16_MAX), ("client", "text", "")),
        start(2, "integrated", 1, 0, 0),
        start(3, "cine", U16_MAX, 1, 10_000),
        start(4, "cine, largest rate", 0, 1, U32_MAX),
        gateway(3, "FINISH", U32_MAX, "empty payload"),
        pfp_welcome(
            1,
            "a panel",
            *(1, 1190, 1190, 336, 1_500_000, 16, 25_000, "Maker", "Modell Ü", "P-1", "2.0"),
        ),
        pfp_welcome(
            1,
            "extreme",
            *(U16_MAX, U16_MAX, 0, U32_MAX, 0, 255, U32_MAX, "", LONGEST, "", ""),
        ),
        imager(0x82, "ACK", 2, "empty payload"),
        *(
            imager(0x83, "NAK", 2, "each code", ("code", "H", code), ("text", "text", "nein ü"))
            for code in (1, 2, 6, 7)
        ),
        imager(0x84, "FINISHED", 3, "no frames", ("frames", "I", 0)),
        imager(0x84, "FINISHED", 3, "most frames", ("frames", "I", U32_MAX)),
        image_frame(
            "integrated, 2 x 3",
            *(0, 1, 1, 10**9, 2 * 10**9, 0, 100_000_000, 2.5e-4, 0, [[0, 1, 2], [3, 4, U16_MAX]]),
        ),
        image_frame(
            "cine, largest values, one pixel",
            *(1, U16_MAX, U32_MAX, 0, U64_MAX, -1, I64_MAX, 1.0, U32_MAX, [[258]]),
        ),
    ]
