"""A machine program as a file, so that a stored delivery can be reconciled again.

A NumPy archive: the arrays by their names, and ``header``, a JSON text with the rest. It is
written without time stamps: the same program gives the same bytes.
"""

import io
import json
import struct
import zipfile
import zlib
from typing import Any, cast

import numpy as np

from gateway.domain.axes import Axis, AxisLayout
from gateway.domain.errors import InputError
from gateway.domain.machine import BeamMode
from gateway.domain.program import MachineProgram, PathProfile
from gateway.domain.units import FloatArray, frozen

_EPOCH = (1980, 1, 1, 0, 0, 0)
_ARRAYS = ("positions", "meterset_mu", "plan_control_point")
_PROFILE = ("time_s", "s", "speed", "acceleration")
_GARBAGE = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    OSError,
    EOFError,
    MemoryError,
    RuntimeError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
)
"""What NumPy, zipfile and json raise on bytes that are not theirs."""


def write_program(program: MachineProgram) -> bytes:
    """The file's bytes."""
    arrays = {name: getattr(program, name) for name in _ARRAYS}
    arrays |= {f"profile_{name}": getattr(program.profile, name) for name in _PROFILE}
    arrays["header"] = np.array(json.dumps(_header(program), sort_keys=True))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.asarray(array), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _EPOCH), member.getvalue())
    return buffer.getvalue()


def read_program(content: bytes) -> MachineProgram:
    """The program in ``content``. Raises InputError when it is not one."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            header = json.loads(str(archive["header"]))
            arrays = {name: frozen(archive[name]) for name in archive.files if name != "header"}
        return _program(header, arrays)
    except _GARBAGE as error:
        text = str(error) or type(error).__name__
        raise InputError(f"not a stored machine program: {text}") from error


def _header(program: MachineProgram) -> dict[str, Any]:
    mode = program.mode
    return {
        "beam_number": program.beam_number,
        "beam_name": program.beam_name,
        "mode": [
            mode.name,
            mode.radiation_type,
            mode.nominal_energy,
            mode.fluence_mode,
            mode.maximum_dose_rate_mu_per_min,
        ],
        "scalars": list(program.layout.scalars),
        "mlcs": [list(mlc) for mlc in program.layout.mlcs],
        "duration_s": program.profile.duration_s,
        "maximum_dose_rate_mu_per_min": program.maximum_dose_rate_mu_per_min,
        "verified": sorted(program.verified),
        "couch": dict(program.couch),
        "accessories": list(program.accessories),
    }


def _program(header: dict[str, Any], arrays: dict[str, FloatArray]) -> MachineProgram:
    name, radiation_type, energy, fluence_mode, rate = header["mode"]
    program = MachineProgram(
        beam_number=int(header["beam_number"]),
        beam_name=str(header["beam_name"]),
        mode=BeamMode(name, radiation_type, float(energy), fluence_mode, float(rate)),
        layout=AxisLayout(
            tuple(Axis(axis) for axis in header["scalars"]),
            tuple((str(device), int(pairs)) for device, pairs in header["mlcs"]),
        ),
        positions=arrays["positions"],
        meterset_mu=arrays["meterset_mu"],
        plan_control_point=arrays["plan_control_point"],
        profile=PathProfile(
            time_s=arrays["profile_time_s"],
            s=arrays["profile_s"],
            speed=arrays["profile_speed"],
            acceleration=arrays["profile_acceleration"],
            duration_s=float(header["duration_s"]),
        ),
        maximum_dose_rate_mu_per_min=float(header["maximum_dose_rate_mu_per_min"]),
        verified=frozenset(Axis(axis) for axis in header["verified"]),
        couch={Axis(axis): float(value) for axis, value in header["couch"].items()},
        accessories=tuple(cast("list[str]", header["accessories"])),
    )
    _check_shapes(program)
    return program


def _check_shapes(program: MachineProgram) -> None:
    rows, pieces = program.meterset_mu.size, program.profile.time_s.size
    expected = dict.fromkeys(_ARRAYS, (rows,)) | {"positions": (rows, program.layout.size)}
    found = {name: getattr(program, name) for name in _ARRAYS}
    for name in _PROFILE:
        found[name], expected[name] = getattr(program.profile, name), (pieces,)
    for name, array in found.items():
        if array.shape != expected[name] or not rows or not pieces:
            raise ValueError(f"{name} has the shape {array.shape}")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} has a value that is no number")
