"""Grbl 1.1 vectors, from docs/protocols/couch-grbl.md."""

from typing import Any

from tests.protocols.write.wire import Vector


def grbl_line(sender: str, name: str, note: str, line: str, **fields: Any) -> Vector:
    return {
        "type": name,
        "sender": sender,
        "note": note,
        "fields": fields,
        "hex": line.encode("ascii").hex(),
    }


def grbl_byte(sender: str, name: str, note: str, byte: int) -> Vector:
    return {"type": name, "sender": sender, "note": note, "fields": {}, "hex": f"{byte:02x}"}


def jog(note: str, line: str, feed: float, **target: float) -> Vector:
    return grbl_line("gateway", "JOG", note, line, target=target, feed=feed)


def status(note: str, line: str, state: str, **positions: list[float]) -> Vector:
    fields = {name: positions.get(name) for name in ("mpos", "wpos", "wco")}
    return grbl_line("controller", "STATUS", note, line, state=state, **fields)


def vectors() -> list[Vector]:
    def said(name: str, note: str, line: str, **fields: Any) -> Vector:
        return grbl_line("controller", name, note, line, **fields)

    return [
        grbl_byte("gateway", "ASK_STATUS", "real time", 0x3F),
        grbl_byte("gateway", "JOG_CANCEL", "real time", 0x85),
        grbl_byte("person", "FEED_HOLD", "real time; the gateway never sends it", 0x21),
        grbl_byte("person", "RESUME", "real time; the gateway never sends it", 0x7E),
        grbl_byte("person", "SOFT_RESET", "real time; the gateway never sends it", 0x18),
        grbl_line("gateway", "BUILD_INFO", "a line", "$I\n"),
        grbl_line("person", "UNLOCK", "only a person unlocks", "$X\n"),
        jog("one axis", "$J=G90 G21 G53 X10.000 F600.000\n", 600.0, X=10.0),
        jog(
            "three axes, negative",
            "$J=G90 G21 G53 X-0.001 Y-1500.125 Z250.500 F1200.250\n",
            1200.25,
            X=-0.001,
            Y=-1500.125,
            Z=250.5,
        ),
        jog("two axes", "$J=G90 G21 G53 Y0.000 Z-12.000 F0.001\n", 0.001, Y=0.0, Z=-12.0),
        said("OK", "a line is accepted", "ok\r\n"),
        said("ERROR", "outside travel", "error:15\r\n", code=15),
        said("ERROR", "locked", "error:9\r\n", code=9),
        said("ALARM", "reset in motion", "ALARM:3\r\n", code=3),
        said("BANNER", "after a reset", "Grbl 1.1h ['$' for help]\r\n", version="1.1h"),
        said("BLANK", "before the banner", "\r\n"),
        said(
            "FEEDBACK",
            "build info",
            "[VER:1.1h.20190825:Couch A]\r\n",
            kind="VER",
            text="1.1h.20190825:Couch A",
        ),
        said("FEEDBACK", "options", "[OPT:V,15,128]\r\n", kind="OPT", text="V,15,128"),
        said(
            "FEEDBACK",
            "after an unlock",
            "[MSG:Caution: Unlocked]\r\n",
            kind="MSG",
            text="Caution: Unlocked",
        ),
        said("FEEDBACK", "empty text", "[MSG:]\r\n", kind="MSG", text=""),
        status(
            "at rest",
            "<Idle|MPos:0.000,0.000,0.000|FS:0,0>\r\n",
            "Idle",
            mpos=[0.0, 0.0, 0.0],
        ),
        status(
            "moving, with offset",
            "<Jog|MPos:-1.500,200.125,-300.000|FS:600,0|WCO:0.000,-5.000,10.000>\r\n",
            "Jog",
            mpos=[-1.5, 200.125, -300.0],
            wco=[0.0, -5.0, 10.0],
        ),
        status(
            "with overrides",
            "<Hold:1|MPos:1.000,2.000,3.000|FS:0,0|Ov:100,100,100>\r\n",
            "Hold:1",
            mpos=[1.0, 2.0, 3.0],
        ),
        status(
            "work position alone",
            "<Alarm|WPos:-0.001,0.001,9999.999|FS:0,0>\r\n",
            "Alarm",
            wpos=[-0.001, 0.001, 9999.999],
        ),
        status(
            "work position and offset, other fields",
            "<Hold:0|WPos:1.000,2.000,3.000|Bf:15,128|Pn:XY|WCO:-1.000,-2.000,-3.000>\r\n",
            "Hold:0",
            wpos=[1.0, 2.0, 3.0],
            wco=[-1.0, -2.0, -3.0],
        ),
    ]
