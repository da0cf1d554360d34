"""The portal imager's forward model: what a panel shows of a beam."""

from gateway.imaging.detector import DetectedFrame, Detector
from gateway.imaging.field import field_exceeds_panel
from gateway.imaging.fluence import FluenceAccumulator

__all__ = ["DetectedFrame", "Detector", "FluenceAccumulator", "field_exceeds_panel"]
