"""What faces the network: limits, deadlines and TLS in front of the node. No DICOM library."""
