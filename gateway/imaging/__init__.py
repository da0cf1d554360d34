"""The portal imager's forward model: what a panel shows of a beam."""

from gateway.imaging.correction import Correction, FrameSum
from gateway.imaging.detector import DetectedFrame, Detector
from gateway.imaging.field import field_exceeds_panel
from gateway.imaging.fluence import FluenceAccumulator

__all__ = [
    "Correction",
    "DetectedFrame",
    "Detector",
    "FluenceAccumulator",
    "FrameSum",
    "field_exceeds_panel",
]
