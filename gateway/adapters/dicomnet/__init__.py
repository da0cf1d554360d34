"""The DICOM network: the only importer of pynetdicom.

Identities stay out of the libraries' logs, and files are sent as the bytes that they are.
"""

import logging

from pynetdicom import _config

_config.LOG_REQUEST_IDENTIFIERS = False
_config.LOG_RESPONSE_IDENTIFIERS = False
_config.STORE_SEND_CHUNKED_DATASET = True
logging.getLogger("pydicom").setLevel(logging.CRITICAL)  # it quotes values that it finds invalid
logging.getLogger("pynetdicom.acse").setLevel(logging.CRITICAL)  # failures are told in one line
logging.getLogger("pynetdicom.utils").setLevel(logging.ERROR)  # identifiers are judged elsewhere
