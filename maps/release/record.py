"""The DCAT-AP_IT record of a release, as JSON-LD: a catalogue with one data set and a distribution a file.

Mandatory in the profile are, of a data set, identifier, title, description, modified, theme, rights holder, frequency and its
distributions; of a distribution, format, access URL and licence; of an agent, name and identifier; of a catalogue, title,
description, publisher, modified and its data sets. What only the releasing body knows is given on the command line; what is
not given is marked, never made up.

References
----------
AgID, DCAT-AP_IT, the Italian profile of DCAT-AP, and its ontology, http://dati.gov.it/onto/dcatapit
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from data.errors import ScenarioError
from layers.plan import PlanDocument

TO_FILL = "DA INDICARE PRIMA DELLA PUBBLICAZIONE"
ODBL, CC_BY = "https://opendatacommons.org/licenses/odbl/1-0/", "https://creativecommons.org/licenses/by/4.0/"
_FILE_TYPES = "http://publications.europa.eu/resource/authority/file-type/"
_THEME = "http://publications.europa.eu/resource/authority/data-theme/SOCI"
_FREQUENCY = "http://publications.europa.eu/resource/authority/frequency/UNKNOWN"
_FORMATS = {"html": "HTML", "csv": "CSV", "xlsx": "XLSX", "gpkg": "GPKG", "json": "JSON", "pdf": "PDF"}
_CONTEXT = {
    "dcatapit": "http://dati.gov.it/onto/dcatapit#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "locn": "http://www.w3.org/ns/locn#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


@dataclass(frozen=True)
class Holder:
    """Who answers for a release: name and identifier (of the index of public administrations), and where it is found.

    Parameters
    ----------
    name, identifier
        Of the body that holds the rights.
    modified
        The day of the release, YYYY-MM-DD; None for the youngest date of the sources.
    url
        Where the zip is found.
    """

    name: str = TO_FILL
    identifier: str = TO_FILL
    modified: str | None = None
    url: str = ""

    def __post_init__(self) -> None:
        """Check the day.

        Raises
        ------
        ScenarioError
            If it is none.
        """
        try:
            day = self.modified is None or dt.date.fromisoformat(self.modified).isoformat() == self.modified
        except ValueError:
            day = False
        if not day:
            raise ScenarioError(f"{self.modified!r} is no day", where="--date", remedy="Write YYYY-MM-DD")


def build_record(document: PlanDocument, files: Mapping[str, bytes], holder: Holder) -> dict[str, object]:
    """Return the record of a release.

    Parameters
    ----------
    document
        The protected document.
    files
        Content of the files that are data sets or pages, by their name in the zip.
    holder
        Who answers for it.
    """
    modified = {"@type": "xsd:date", "@value": holder.modified or newest_date(document)}
    agent = {
        "@id": "#holder",
        "@type": ["dcatapit:Agent", "foaf:Agent"],
        "dct:identifier": holder.identifier,
        "foaf:name": holder.name,
    }
    identifier = f"diffusa:{document.city.id}:{hashlib.sha256(document.name.encode()).hexdigest()[:12]}"
    distributions = [_distribution(name, content, document, holder) for name, content in sorted(files.items())]
    dataset = {
        "@id": "#dataset",
        "@type": ["dcatapit:Dataset", "dcat:Dataset"],
        "dct:identifier": identifier,
        "dct:title": _texts(document.title.it, document.title.en),
        "dct:description": _texts(document.sentence.it, document.sentence.en),
        "dct:modified": modified,
        "dcat:theme": {"@id": _THEME},
        "dct:rightsHolder": {"@id": "#holder"},
        "dct:publisher": {"@id": "#holder"},
        "dct:accrualPeriodicity": {"@id": _FREQUENCY},
        "dct:language": [{"@id": f"http://publications.europa.eu/resource/authority/language/{one}"} for one in ("ITA", "ENG")],
        "dct:spatial": {"@type": ["dcatapit:Location", "dct:Location"], "locn:geographicName": document.city.name},
        "dct:provenance": [
            {"@type": "dct:ProvenanceStatement", "rdfs:label": f"{one.source} ({one.date}), {one.licence}"}
            for one in document.sources
        ],
        "dcat:distribution": [{"@id": one["@id"]} for one in distributions],
    }
    catalogue = {
        "@id": "#catalogue",
        "@type": ["dcatapit:Catalog", "dcat:Catalog"],
        "dct:title": _texts(f"Rilascio: {document.title.it}", f"Release: {document.title.en}"),
        "dct:description": _texts(
            f"Dati di un piano di Diffusa per {document.city.name}, protetti per la diffusione",
            f"Data of a plan of Diffusa for {document.city.name}, protected for release",
        ),
        "dct:publisher": {"@id": "#holder"},
        "dct:modified": modified,
        "dcat:dataset": [{"@id": "#dataset"}],
    }
    return {"@context": _CONTEXT, "@graph": [catalogue, dataset, agent, *distributions]}


def _texts(it: str, en: str) -> list[dict[str, str]]:
    return [{"@language": "it", "@value": it}, {"@language": "en", "@value": en}]


def _distribution(name: str, content: bytes, document: PlanDocument, holder: Holder) -> dict[str, object]:
    kind = _FORMATS.get(name.rpartition(".")[2], "BIN")
    return {
        "@id": f"#file-{name}",
        "@type": ["dcatapit:Distribution", "dcat:Distribution"],
        "dct:title": name,
        "dct:format": {"@id": _FILE_TYPES + kind},
        "dct:license": {"@id": licence_of(document)},
        "dcat:accessURL": {"@id": holder.url or TO_FILL.replace(" ", "-").lower()},
        "dcat:byteSize": len(content),
        "spdx:checksum": {"spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"}, "spdx:checksumValue": _digest(content)},
    }


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def licence_of(document: PlanDocument) -> str:
    """Return the licence of what is derived: ODbL is share-alike, so one source of it rules all tables."""
    return ODBL if any("odbl" in source.licence.lower() for source in document.sources) else CC_BY


def newest_date(document: PlanDocument) -> str:
    """Return the youngest date of the sources as a day; a year or month alone is its first day."""
    found = [match for source in document.sources for match in re.findall(r"\d{4}(?:-\d{2}){0,2}", source.date)]
    days = [date + "-01-01"[3 * (len(date) - 4) // 3 :] for date in found]
    return max(days, default="2000-01-01")


def record_json(record: Mapping[str, object]) -> str:
    """Return the record as JSON-LD."""
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"


def attribution_text(document: PlanDocument) -> str:
    """Return whom to name and under what licence everything may be used, in both languages."""
    sources = [f"- {one.attribution} ({one.source}, {one.date}): {one.licence}" for one in document.sources]
    shared = licence_of(document) == ODBL
    licence = "Open Database License (ODbL) 1.0" if shared else "Creative Commons Attribution 4.0 (CC BY 4.0)"
    url = licence_of(document)
    it = (
        "Le tabelle derivano anche da dati OpenStreetMap: chi le ridistribuisce lo fa con la stessa licenza (ODbL, 4.4); le "
        "pagine sono opere prodotte con esse e portano l'attribuzione (ODbL, 4.3)."
    )
    en = (
        "The tables are derived from OpenStreetMap data among others: whoever passes them on does so under the same licence "
        "(ODbL, 4.4); the pages are produced works and carry the attribution (ODbL, 4.3)."
    )
    lines = [f"Licenza / Licence: {licence}", url, "", *([it, en, ""] if shared else []), "Fonti / Sources:", *sources]
    return "\n".join(lines) + "\n"


def missing_facts(holder: Holder) -> Sequence[str]:
    """Return what the record lacks before it can be published."""
    facts = {"rights holder": holder.name == TO_FILL, "identifier": holder.identifier == TO_FILL, "access URL": not holder.url}
    return [name for name, is_missing in facts.items() if is_missing]
