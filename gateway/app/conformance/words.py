"""What the statement says in words."""

OVERVIEW = """
linac-gateway is a node between DICOM RT systems and a linac room, simulated or real. It receives
plans and the objects around them, validates them, delivers plans to the room's devices, and
returns portal images, treatment records and a verdict. It performs unified procedure steps of a
worklist as a treatment delivery device. It is for research, quality assurance and test benches:
it is not a medical device and is not for clinical use.
"""
INTRODUCTION = """
For those who connect a treatment planning, record-and-verify, archive or verification system to a
test bench. That two statements agree is needed and not enough: how systems work together has to be
tried, and nothing here is a promise of it. Terms are those of DICOM PS3; AE is an application
entity, RTBDI an RT Beams Delivery Instruction, UPS a unified procedure step, TDW-II the IHE-RO
profile Treatment Delivery Workflow II.
"""
FLOW = """
Peers store objects with the listener, which keeps them. A plan of a peer whose policy is to deliver
goes to the room; its images, record and verdict go through the sender's outbox to that peer, and
images and records of every delivery to the configured destinations. The performer asks a treatment
management system for steps, has their inputs moved to the listener, and hands its results to the
sender.
"""
ENTITIES = """
The listener takes associations, keeps what is stored, answers queries and retrievals over what it
keeps, and takes requests for commitment and event reports. The sender sends objects of the outbox,
asks for their commitment, and reports commitments that were asked of this node. The performer
queries, claims and completes steps. All three use the AE title of the configuration. Nothing is
sent to an AE that the configuration does not name, but answers to whoever may ask.
"""
SEQUENCE = """
A C-STORE is answered with success when the object is on disk and filed; with policy refuse or
deliver it is validated before. An object leaves the outbox when its destination has committed it;
where a destination commits nothing, when it has answered with success. A step's inputs are moved
before it is claimed, but for its RT Beams Delivery Instruction, which may come after; results are
stored and committed before the step's final state, or the wait for commitment has ended.
"""
ASSOCIATIONS = """
The DICOM application context is taken and proposed (1.2.840.10008.3.1.1.1). Asynchronous
operations are not negotiated: one operation at a time in each association. Limits of a default
configuration, in bytes, seconds or count by their names:
"""
INITIATED = """
For the sub-operations of C-MOVE, to AEs that the configuration names, in the transfer syntax that
an object is kept in, and in the uncompressed ones.
"""
COMPRESSED = """
Compressed and deflated transfer syntaxes are accepted for storage from peers that the configuration
names for it, and objects are kept as they came. To a peer that it names for High-Throughput JPEG
2000 Lossless, and that accepts it, images of whole unsigned values are sent in it, their UIDs the
same:
"""
STORAGE = """
Level 2 (full) storage: every element is kept, private ones included. The same object stored again
is a success. Error Comment (0000,0902) says why an object is refused, Offending Element (0000,0901)
which attribute is why.
"""
QUERIES = """
Patient Root and Study Root. Hierarchical search; relational queries and fuzzy matching of names are
not negotiated. Universal, single value, list of UID, range and wildcard matching; sequences match
item by item; names match whatever the character set of query and object.
"""
SENDING = """
One association to each destination at a time, opened when something is due. A failure is tried
again, later each time; objects are proposed in the transfer syntax of their file, and in the other
uncompressed ones.
"""
PERFORMING = """
One association for each operation. The AE title of the configuration is the destination of C-MOVE.
"""
WORKLIST = """
IHE-RO TDW-II as Treatment Delivery Device: query (RO-58), retrieval of static inputs (RO-59), claim
(RO-60), retrieval of dynamic inputs (RO-61), progress (RO-62), storage of results (RO-63), final
update (RO-64) and completion (RO-65). The Requested SOP Class UID is always that of UPS Push, the
presentation context that of UPS Pull or UPS Watch (PS3.4 CC.2). The Transaction UID is on disk
before the claim is sent. Storage commitment is asked between RO-63 and RO-64; the step is completed
when it is given, or when the wait for it has ended. External verification is that of RT
Conventional Machine Verification (PS3.4 DD). Other IHE-RO profiles are out of scope.
"""
NETWORK = """
TCP/IP over what the computer has; IPv4 and IPv6 addresses and host names.
"""
CONFIGURATION = """
AE titles, addresses, policies, transfer syntaxes, TLS, destinations and limits are set in
`config/nodes/NAME.toml`; the AE title that is delivered with is LINAC_GATEWAY, the port 11112.
"""
MEDIA = """
None. `check`, `deliver` and `validate` read files of PS3.10, and single data sets without its
header.
"""
CHARACTERS = """
Written objects and requests use ISO_IR 192; responses to queries the one character set of the
query where that can write them, else ISO_IR 192. Objects with any Specific Character Set that
PS3.3 C.12.1.1.2 defines are stored, and their names are matched in queries: single-byte sets,
ISO 2022 with code extensions (Japanese, Korean, Chinese), GB18030, GBK and UTF-8. Text that cannot
be decoded never makes an object unacceptable; validation tells character sets that are missing or
unknown.
"""
PROFILES = """
TLS by the BCP 195 profiles (PS3.15 B.12, B.13): version 1.2 or later, forward secrecy and
authenticated encryption, certificates of both sides. Audit messages of PS3.15 A.5 for association,
access and delivery events, in a file of RFC 5424 lines; the participant object that stands for the
patient there is left out, so that no line holds an identity. The Basic Application Level
Confidentiality Profile (PS3.15 E) for peers that are sent pseudonyms.
"""
ASSOCIATION_SECURITY = """
Called and calling AE titles are compared with the configuration. A peer's certificate may be
required to carry a name (common name or DNS name). Without TLS a peer may be required to call from
its configured address. User identities are refused unless the configuration allows them for a peer.
By default the node listens on the loopback interface.
"""
PSEUDONYMS = """
A peer of `pseudonymise = true`, and every peer of a service that runs with `--pseudonymise`, is
sent objects by this profile with these options, and may neither query nor retrieve. A person, a UID
and a label have the same pseudonym in every object, so references hold.
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
TYPES = """
Types are those of the IOD's tables; an attribute inside a sequence has `>`.
"""
VALIDATION = """
Tables of IODs: {sources}. Attributes that are newer than the text of 2020a carry the conditions
that they have elsewhere, or none; conditions that could not be read are not judged. See
`docs/validation.md`. An optional (type 3) attribute is judged where it is present; an attribute of
no module of the IOD is a warning.
"""
COERCED = """
None: received objects are returned as they came. Objects for peers that are sent pseudonyms are
made anew.
"""
EXTENSIONS = """
None: no private SOP class, no private element.
"""
