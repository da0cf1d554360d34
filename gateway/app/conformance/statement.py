"""The statement, in the order of PS3.2."""

from gateway.app.conformance import network
from gateway.app.conformance.attributes import read_attributes, written_attributes
from gateway.app.conformance.markdown import section, table
from gateway.dicom.iod.tables import iod_tables
from gateway.dicom.pseudonyms import CODES

OVERVIEW = """
linac-gateway is a node between DICOM RT systems and a linac room, simulated or real. It receives
plans and the objects around them, validates them, delivers plans to the room's devices, and
returns portal images, treatment records and a verdict. It performs unified procedure steps of a
worklist as a treatment delivery device. It is for research, quality assurance and test benches:
it is not a medical device and is not for clinical use.
"""
FLOW = """
The listener takes associations and keeps what is stored. The sender sends results to configured
destinations, asks for their commitment, and reports commitments that were asked of this node.
The worklist client queries, claims and completes work items. All three use the AE title of the
configuration. Nothing is sent to an application entity that the configuration does not name, but
the answers of C-GET and C-FIND to whoever may ask.
"""
WORKLIST = """
The transactions of IHE-RO TDW-II are performed as treatment delivery device: query (RO-58),
retrieval of static inputs (RO-59), claim (RO-60), retrieval of dynamic inputs (RO-61), progress
(RO-62), storage of results (RO-63), final update (RO-64) and completion (RO-65). The Requested
SOP Class UID is always that of UPS Push, the presentation context that of UPS Pull or UPS Watch
(PS3.4 CC.2). The Transaction UID is on disk before the claim is sent. Storage commitment is
asked between RO-63 and RO-64; the step is completed when it is given, or when the wait for it
has ended. Other IHE-RO profiles are out of scope.
"""
OBJECTS = """
Received objects are kept byte for byte, private elements included, under a file name that is the
hash of their content. Objects of the second generation are stored and not delivered, and so are
ion and brachytherapy plans. Setup and imaging beams without meterset are not delivered. Written
objects hold no private elements. Pixel data of written RT Images are stored as detected, with
Rescale Slope and Intercept to calibrated units, Pixel Intensity Relationship LIN and its sign
stated. Table top positions of records are absolute (PS3.3 C.8.8.21.1). X-Ray Image Receptor
Translation is written, with the distance beyond the isocenter negative.
"""
CHARACTERS = """
Written objects use ISO_IR 192. Objects with any Specific Character Set that PS3.3 C.12.1.1.2
defines are stored, and their names are matched in queries: single-byte sets, ISO 2022 with code
extensions (Japanese, Korean, Chinese), GB18030, GBK and UTF-8. Text that cannot be decoded never
makes an object unacceptable.
"""
SECURITY = """
TLS by the BCP 195 profiles (PS3.15 B.12, B.13): version 1.2 or later, forward secrecy and
authenticated encryption, certificates of both sides. A peer's certificate may be required to
carry a name (common name or DNS name). Without TLS a peer may be required to call from its
configured address. Called and calling AE titles are compared with the configuration. User
identities are refused unless the configuration allows them for a peer. Security-relevant events
are told as audit messages (PS3.15 A.5) in a file of RFC 5424 lines. By default the node listens
on the loopback interface.
"""


def statement() -> str:
    """The whole document, in Markdown; the same text every time."""
    offered = network.services()
    names = table(
        ("service", "SOP classes"),
        [(one.name, len({context.sop_class_uid for context in one.contexts})) for one in offered],
    )
    sources = ", ".join(iod_tables().sources)
    pseudonyms = table(("code (DCM)", "meaning"), CODES)
    parts = (
        section(1, "DICOM Conformance Statement: linac-gateway"),
        "Written by `linac-gateway conformance` from the tables that the program runs on.",
        section(2, "1 Overview", OVERVIEW, network.requested(), names),
        section(2, "2 Implementation model", FLOW, network.implementation()),
        section(
            2,
            "3 Networking",
            section(3, "3.1 Association policies", network.limits()),
            section(3, "3.2 Presentation contexts accepted", network.accepted(offered)),
            section(
                3,
                "3.3 Compressed and deflated syntaxes",
                "Taken from peers that the configuration names, and stored as they came.",
                network.compressed(),
            ),
            section(3, "3.4 Query keys", network.query_keys()),
            section(3, "3.5 Worklist", WORKLIST),
            section(3, "3.6 Status codes", network.status_codes()),
        ),
        section(
            2,
            "4 Objects",
            OBJECTS,
            section(
                3,
                "4.1 Attributes written",
                "Types are those of the IOD's tables; an attribute inside a sequence has `>`.",
                written_attributes(),
            ),
            section(3, "4.2 Attributes read", read_attributes()),
            section(
                3,
                "4.3 Validation",
                f"Tables of IODs: {sources}. Attributes that are newer than the text of 2020a "
                "carry no condition; conditions that could not be read are not judged.",
            ),
        ),
        section(2, "5 Character sets", CHARACTERS),
        section(2, "6 Security", SECURITY, section(3, "6.1 Pseudonyms", pseudonyms)),
        section(
            2,
            "7 Configuration",
            "AE titles, addresses, policies, transfer syntaxes, TLS, destinations and limits are "
            "set in `config/nodes/NAME.toml`.",
        ),
        section(
            2, "8 Extensions and specialisations", "None: no private SOP class, no private element."
        ),
    )
    return "\n\n".join(parts) + "\n"
