"""The statement, in the order of PS3.2 annex A."""

from gateway.app.conformance import entities, network, words
from gateway.app.conformance.attributes import (
    read_attributes,
    requested_attributes,
    written_attributes,
)
from gateway.app.conformance.codes import coded_terms
from gateway.app.conformance.configuration import parameters
from gateway.app.conformance.markdown import section, table
from gateway.dicom.iod.tables import iod_tables
from gateway.dicom.pseudonyms import CODES

CONTENTS = (
    "1 Conformance statement overview",
    "2 Table of contents",
    "3 Introduction",
    "4 Networking",
    "5 Media interchange",
    "6 Support of character sets",
    "7 Security",
    "8 Annexes",
)


def statement() -> str:
    """The whole document, in Markdown; the same text every time."""
    bodies = (
        (words.OVERVIEW, network.overview()),
        ("\n".join(f"- {title}" for title in CONTENTS),),
        (words.INTRODUCTION,),
        _networking(),
        (words.MEDIA,),
        (words.CHARACTERS,),
        _security(),
        _annexes(),
    )
    parts = [
        section(1, "DICOM Conformance Statement: linac-gateway"),
        "Written by `linac-gateway conformance` from the tables that the program runs on.",
        *(section(2, title, *body) for title, body in zip(CONTENTS, bodies, strict=True)),
    ]
    return "\n\n".join(parts) + "\n"


def _networking() -> tuple[str, ...]:
    return (
        section(
            3,
            "4.1 Implementation model",
            section(4, "4.1.1 Application data flow", words.FLOW),
            section(4, "4.1.2 Functional definition of application entities", words.ENTITIES),
            section(4, "4.1.3 Sequencing of real-world activities", words.SEQUENCE),
        ),
        section(3, "4.2 Application entity specifications", _listener(), _sender(), _performer()),
        section(3, "4.3 Network interfaces", words.NETWORK),
        section(3, "4.4 Configuration", words.CONFIGURATION, parameters()),
    )


def _listener() -> str:
    return section(
        4,
        "4.2.1 Listener",
        section(5, "4.2.1.1 SOP classes", "Those of 4.2.1.4."),
        section(
            5,
            "4.2.1.2 Association policies",
            words.ASSOCIATIONS,
            network.limits(),
            network.implementation(),
        ),
        section(
            5, "4.2.1.3 Association initiation", words.INITIATED, entities.asked(entities.LISTENER)
        ),
        section(
            5,
            "4.2.1.4 Association acceptance",
            network.accepted(network.services()),
            words.COMPRESSED,
            network.compressed(),
            section(6, "Storage: statuses", words.STORAGE, network.stored_statuses()),
            section(6, "Query: keys", words.QUERIES, network.query_keys()),
            section(6, "Other services: statuses", network.provided_statuses()),
        ),
    )


def _sender() -> str:
    return section(
        4,
        "4.2.2 Sender",
        section(5, "4.2.2.1 SOP classes", entities.asked(entities.SENDER)),
        section(5, "4.2.2.2 Association policies", words.SENDING),
        section(5, "4.2.2.3 Statuses", network.sent_statuses()),
    )


def _performer() -> str:
    return section(
        4,
        "4.2.3 Worklist performer",
        section(5, "4.2.3.1 SOP classes", entities.asked(entities.PERFORMER)),
        section(5, "4.2.3.2 Association policies", words.PERFORMING),
        section(5, "4.2.3.3 IHE-RO profiles", words.WORKLIST),
        section(5, "4.2.3.4 Statuses", network.asked_statuses()),
    )


def _security() -> tuple[str, ...]:
    pseudonyms = table(("code (DCM)", "meaning"), CODES)
    return (
        section(3, "7.1 Security profiles", words.PROFILES),
        section(3, "7.2 Association level", words.ASSOCIATION_SECURITY),
        section(3, "7.3 Application level", words.PSEUDONYMS, pseudonyms),
    )


def _annexes() -> tuple[str, ...]:
    sources = ", ".join(iod_tables().sources)
    return (
        section(
            3,
            "8.1 IOD contents",
            words.OBJECTS,
            section(
                4,
                "8.1.1 Created SOP instances",
                words.TYPES,
                written_attributes(5),
                section(5, "Requests", requested_attributes()),
            ),
            section(4, "8.1.2 Attributes of received IODs that are used", read_attributes()),
            section(4, "8.1.3 Validation", words.VALIDATION.format(sources=sources)),
            section(4, "8.1.4 Coerced attributes", words.COERCED),
        ),
        section(3, "8.2 Data dictionary of private attributes", "None."),
        section(3, "8.3 Coded terminology and templates", coded_terms()),
        section(3, "8.4 Grayscale image consistency", "Images are not displayed."),
        section(3, "8.5 Standard extended, specialised and private SOP classes", words.EXTENSIONS),
        section(3, "8.6 Private transfer syntaxes", "None."),
    )
