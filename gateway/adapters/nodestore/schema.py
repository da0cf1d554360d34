"""The tables of the node's database."""

VERSION = 1

OBJECTS = """
CREATE TABLE objects (
  sop_instance_uid TEXT PRIMARY KEY,
  sop_class_uid TEXT NOT NULL,
  transfer_syntax_uid TEXT NOT NULL,
  study_instance_uid TEXT NOT NULL,
  series_instance_uid TEXT NOT NULL,
  modality TEXT NOT NULL,
  patient_id TEXT NOT NULL,
  patient_name TEXT NOT NULL,
  attributes TEXT NOT NULL,
  calling_ae TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  received_ns INTEGER NOT NULL,
  state TEXT NOT NULL,
  findings TEXT NOT NULL
) STRICT
"""
"""``attributes`` is the DICOM JSON of what queries match and return. ``state`` is one of received,
valid, invalid, quarantined."""

OUTBOX = """
CREATE TABLE outbox (
  item INTEGER PRIMARY KEY,
  destination TEXT NOT NULL,
  sop_class_uid TEXT NOT NULL,
  sop_instance_uid TEXT NOT NULL,
  path TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  state TEXT NOT NULL,
  tries INTEGER NOT NULL,
  next_try_ns INTEGER NOT NULL,
  commitment_uid TEXT NOT NULL,
  reason TEXT NOT NULL,
  queued_ns INTEGER NOT NULL,
  done_ns INTEGER NOT NULL,
  UNIQUE (destination, sop_instance_uid)
) STRICT
"""
"""``state`` is one of queued, sent, committing, done, parked. ``tries`` counts failures;
``commitment_uid`` is the newest transaction that asks for the object."""

OUTBOX_ASKED = """
CREATE TABLE outbox_asked (
  transaction_uid TEXT NOT NULL,
  item INTEGER NOT NULL REFERENCES outbox (item),
  PRIMARY KEY (transaction_uid, item)
) STRICT
"""
"""Every commitment that was ever asked for: an answer may come after it was asked again."""

OUTBOX_DESTINATIONS = """
CREATE TABLE outbox_destinations (
  destination TEXT PRIMARY KEY,
  failures INTEGER NOT NULL,
  next_try_ns INTEGER NOT NULL,
  reason TEXT NOT NULL
) STRICT
"""
"""Destinations that could not be reached: nothing is tried with them before ``next_try_ns``."""

COMMITMENTS = """
CREATE TABLE commitments (
  transaction_uid TEXT NOT NULL,
  requester TEXT NOT NULL,
  referenced TEXT NOT NULL,
  state TEXT NOT NULL,
  tries INTEGER NOT NULL,
  next_try_ns INTEGER NOT NULL,
  asked_ns INTEGER NOT NULL,
  PRIMARY KEY (transaction_uid, requester)
) STRICT
"""
"""What peers asked this node to commit; ``state`` is pending, answered or unanswered."""

STEPS = """
CREATE TABLE steps (
  sop_instance_uid TEXT PRIMARY KEY,
  manager TEXT NOT NULL,
  transaction_uid TEXT NOT NULL,
  state TEXT NOT NULL,
  delivery_id TEXT NOT NULL,
  body TEXT NOT NULL,
  changed_ns INTEGER NOT NULL
) STRICT
"""
"""Unified procedure steps that this node claimed; the Transaction UID is kept before the claim."""

QUEUE = """
CREATE TABLE queue (
  item INTEGER PRIMARY KEY,
  sop_instance_uid TEXT NOT NULL,
  requester TEXT NOT NULL,
  room TEXT NOT NULL,
  state TEXT NOT NULL,
  delivery_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  queued_ns INTEGER NOT NULL,
  changed_ns INTEGER NOT NULL
) STRICT
"""
"""Plans to deliver; ``state`` is one of queued, delivering, delivered, refused."""

EVENTS = """
CREATE TABLE step_events (
  event INTEGER PRIMARY KEY,
  sop_instance_uid TEXT NOT NULL,
  event_type INTEGER NOT NULL,
  body TEXT NOT NULL,
  at_ns INTEGER NOT NULL
) STRICT
"""
"""N-EVENT-REPORTs that arrived: of unified procedure steps and of verifications."""

INDEXES = (
    "CREATE INDEX objects_by_study ON objects (study_instance_uid, series_instance_uid)",
    "CREATE INDEX objects_by_patient ON objects (patient_id)",
    "CREATE INDEX objects_by_state ON objects (state)",
    "CREATE INDEX outbox_due ON outbox (state, next_try_ns, destination)",
    "CREATE INDEX step_events_by_step ON step_events (sop_instance_uid)",
)
TABLES = (
    OBJECTS,
    OUTBOX,
    OUTBOX_ASKED,
    OUTBOX_DESTINATIONS,
    COMMITMENTS,
    STEPS,
    QUEUE,
    EVENTS,
    *INDEXES,
)
