"""The conformance kit: what every driver must do, whatever its wire.

One contract class per device kind: :class:`drivers.testing.linac.LinacContract`,
:class:`drivers.testing.couch.CouchContract`, :class:`drivers.testing.imager.ImagerContract`. A
test suite subclasses one and gives it a pytest fixture ``rig`` (see
:mod:`drivers.testing.rig`); every ``test_*`` method then runs over that rig. A broken contract
is an AssertionError that says which and by how much. Contracts that are about time wait it out, in
the time of the rig's loop: simulated where the device is in memory, real on a wire. The kit moves
and beams: it never belongs to the run time of a real room.
"""
