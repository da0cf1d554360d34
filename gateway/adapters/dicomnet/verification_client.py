"""RT Conventional Machine Verification as SCU (PS3.4 DD.3.2, PS3.17 BBB.3)."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from pydicom import Dataset
from pydicom.tag import Tag
from pynetdicom.association import Association

from gateway.adapters.dicomnet.associate import Requested, association, require_context
from gateway.adapters.dicomnet.responses import require_done
from gateway.dicom.sop_classes import RT_CONVENTIONAL_VERIFICATION
from gateway.dicom.ups.statuses import VERIFICATION_FAILURES
from gateway.dicom.ups.verification import (
    ASKED,
    beam_parameters,
    read_verification,
    verification_request,
)
from gateway.domain.errors import LinkError, ProtocolError, ReplyTimeout
from gateway.domain.node import Node, Peer
from gateway.domain.plan import Beam, TreatmentPlan
from gateway.domain.worklist import StepRefused, Verification

REQUEST_BEAM_VERIFICATION = 1
REPLY_S = 30.0

Done = Callable[[str, int], bool]
"""(SOP Instance UID of a verification, how many verdicts came before) -> whether another one came
in time; waits for it."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class VerificationClient:
    """Asks the external verification system about beams before they are delivered.

    ``done`` waits for a verdict's event report, which comes to the node's own listener. Every
    method blocks and raises ConnectFailed, LinkLost, RemoteProtocolError, and StepRefused for a
    status that refuses.
    """

    node: Node
    verifier: Peer
    done: Done
    reply_s: float = REPLY_S

    def verify(
        self, uid: str, plan: TreatmentPlan, beams: Sequence[Beam]
    ) -> tuple[Verification, ...]:
        """The verdict on each beam, under the new verification ``uid``, which is deleted again.

        Raises ReplyTimeout where a verdict does not come, InputError where it cannot be read.
        """
        self._create(uid, plan)
        try:
            return tuple(self._verified(uid, beam, told) for told, beam in enumerate(beams))
        finally:
            self._forget(uid)

    def _create(self, uid: str, plan: TreatmentPlan) -> None:
        with self._association() as opened:
            status, _ = opened.send_n_create(
                verification_request(plan), RT_CONVENTIONAL_VERIFICATION, uid
            )
            self._require_done(status, "a verification of the plan")

    def _verified(self, uid: str, beam: Beam, told: int) -> Verification:
        request = f"the verification of beam {beam.number}"
        with self._association() as opened:
            status, _ = opened.send_n_set(beam_parameters(beam), RT_CONVENTIONAL_VERIFICATION, uid)
            self._require_done(status, request)
            status, _ = opened.send_n_action(
                None, REQUEST_BEAM_VERIFICATION, RT_CONVENTIONAL_VERIFICATION, uid
            )
            self._require_done(status, request)
        if not self.done(uid, told):
            raise ReplyTimeout(f"{self.verifier.ae_title} gives no verdict on beam {beam.number}")
        with self._association() as opened:
            status, attributes = opened.send_n_get(
                list(map(Tag, ASKED)), RT_CONVENTIONAL_VERIFICATION, uid
            )
            self._require_done(status, f"the verdict on beam {beam.number}")
        return read_verification(beam.number, attributes if attributes is not None else Dataset())

    def _forget(self, uid: str) -> None:
        """The verifier may delete it itself: what is left behind there harms nobody."""
        try:
            with self._association() as opened:
                status = opened.send_n_delete(RT_CONVENTIONAL_VERIFICATION, uid)
                self._require_done(status, "to delete the verification")
        except StepRefused as refusal:
            _log.warning("%s", refusal.plain)
        except (LinkError, ProtocolError) as problem:
            _log.warning("%s", problem)

    def _require_done(self, status: Dataset, request: str) -> None:
        require_done(self.verifier, status, request, VERIFICATION_FAILURES)

    @contextmanager
    def _association(self) -> Iterator[Association]:
        contexts = (Requested(RT_CONVENTIONAL_VERIFICATION),)
        with association(self.node, self.verifier, contexts, reply_s=self.reply_s) as opened:
            name = "RT Conventional Machine Verification"
            require_context(opened, self.verifier, RT_CONVENTIONAL_VERIFICATION, name)
            yield opened
