"""Responses to requests of this node: done, or refused in words."""

import logging
from collections.abc import Mapping

from pydicom import Dataset

from gateway.adapters.dicomnet.associate import answered, who
from gateway.dicom.ups.statuses import SUCCESS, UPS_FAILURES, is_done, meaning
from gateway.domain.node import Peer
from gateway.domain.worklist import StepRefused

_log = logging.getLogger(__name__)


def require_done(
    peer: Peer, status: Dataset, request: str, own: Mapping[int, str] = UPS_FAILURES
) -> int:
    """The status of a response that says done, perhaps with a warning.

    ``own`` are the statuses of the service. Raises LinkLost where there was no response, and
    StepRefused for any other status.
    """
    code = answered(peer, status, request)
    if not is_done(code):
        raise refused(peer, status, request, own)
    if code != SUCCESS:
        _log.warning("%s: %s: %s", who(peer), request, meaning(code, own))
    return code


def refused(
    peer: Peer, status: Dataset, request: str, own: Mapping[int, str] = UPS_FAILURES
) -> StepRefused:
    """The error for a response that refuses, with the peer's own comment."""
    code = int(status.Status)
    said = str(status.get("ErrorComment") or "").strip()
    comment = "".join(letter for letter in said if letter.isprintable())
    return StepRefused(code, f"{who(peer)} refuses {request}: {meaning(code, own)}", comment)
