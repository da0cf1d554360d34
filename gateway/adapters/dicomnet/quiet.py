"""See :mod:`gateway.dicom.quiet`: one lock for everything that decodes in this process."""

from gateway.dicom.quiet import quietly

__all__ = ["quietly"]
