"""Croissant 1.1: what a Parquet file holds, as JSON-LD that search engines and `mlcroissant` read."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq

from burnish.adapters.sinks.json_text import json_text
from burnish.dataset import Dataset

CONTEXT = {
    "@language": "en", "@vocab": "https://schema.org/", "arrayShape": "cr:arrayShape", "citeAs": "cr:citeAs",
    "column": "cr:column", "conformsTo": "dct:conformsTo", "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/", "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"}, "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"}, "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"}, "extract": "cr:extract", "field": "cr:field",
    "fileObject": "cr:fileObject", "fileProperty": "cr:fileProperty", "fileSet": "cr:fileSet", "format": "cr:format",
    "includes": "cr:includes", "isArray": "cr:isArray", "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath", "key": "cr:key", "md5": "cr:md5", "name": {"@container": "@language"},
    "parentField": "cr:parentField", "path": "cr:path", "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet", "references": "cr:references", "regex": "cr:regex", "repeated": "cr:repeated",
    "replace": "cr:replace", "samplingRate": "cr:samplingRate", "sc": "https://schema.org/",
    "separator": "cr:separator", "source": "cr:source", "subField": "cr:subField", "transform": "cr:transform",
}  # fmt: skip
"""The context of the specification, section "Namespaces": readers warn of any other."""
RECORDS = "rows"


@dataclass(frozen=True, slots=True)
class About:
    """What people know of a data set: None where nobody said. `published`: ISO 8601; `version`: MAJOR.MINOR.PATCH."""

    name: str | None = None
    description: str | None = None
    license: str | None = None
    creator: str | None = None
    url: str | None = None
    cite_as: str | None = None
    published: str | None = None
    version: str | None = None


def croissant_text(dataset: Dataset, file: Path, about: About) -> str:
    """Give the metadata of the data set, whose rows lie in the Parquet file `file`, beside which it is to lie.

    Structs, and lists of lists, have no type in Croissant: they are in the file and not described. What is not known
    is left out, and a validator then recommends it; `citeAs` is made of what is known.
    """
    name = about.name or dataset.name
    version = about.version or "1.0.0"
    known = {
        "license": about.license,
        "creator": None if about.creator is None else {"@type": "Person", "name": about.creator},
        "url": about.url,
        "datePublished": about.published,
    }
    document = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": name,
        "description": about.description or f"{len(dataset):,} rows of {name}, content version {dataset.version}.",
        "version": f"{version.partition('+')[0]}+{dataset.version}",
        "citeAs": about.cite_as or _citation(name, about, dataset.version),
        **{key: value for key, value in known.items() if value is not None},
        "distribution": [_file_object(file)],
        "recordSet": [_record_set(dataset, file)],
    }
    return json_text(document) + "\n"


def _citation(name: str, about: About, version: str) -> str:
    parts = (about.creator, name, f"version {version}", about.published, about.url)
    return ", ".join(part for part in parts if part)


def _file_object(file: Path) -> dict[str, Any]:
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    return {
        "@type": "cr:FileObject",
        "@id": file.name,
        "name": file.name,
        "contentUrl": file.name,
        "contentSize": f"{file.stat().st_size} B",
        "encodingFormat": "application/x-parquet",
        "sha256": digest,
    }


def _record_set(dataset: Dataset, file: Path) -> dict[str, Any]:
    schema = pq.read_schema(file)
    pictures = {dataset.roles.image}
    described = [(field.name, _typed(field.type, image=field.name in pictures)) for field in schema]
    roles = {field: role for role, field in dataset.roles.named().items()}
    fields = [_field(name, typed, roles.get(name), file.name) for name, typed in described if typed is not None]
    return {"@type": "cr:RecordSet", "@id": RECORDS, "name": RECORDS, "key": _key("row_id"), "field": fields}


def _key(name: str) -> dict[str, str]:
    return {"@id": f"{RECORDS}/{quote(name, safe='')}"}


def _field(name: str, typed: dict[str, Any], role: str | None, file: str) -> dict[str, Any]:
    told = {} if role is None else {"description": f"The {role} of the row."}
    source = {"fileObject": {"@id": file}, "extract": {"column": name}}
    return {"@type": "cr:Field", **_key(name), "name": name, **told, **typed, "source": source}


def _typed(kind: pa.DataType, *, image: bool) -> dict[str, Any] | None:
    if pa.types.is_fixed_size_list(kind):
        inner = _scalar(kind.value_type)
        return None if inner is None else {"dataType": inner, "isArray": True, "arrayShape": str(kind.list_size)}
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        inner = _scalar(kind.value_type)
        return None if inner is None else {"dataType": inner, "isArray": True, "arrayShape": "-1"}
    is_bytes = pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
    scalar = "sc:ImageObject" if image and is_bytes else _scalar(kind)
    return None if scalar is None else {"dataType": scalar}


def _scalar(kind: pa.DataType) -> str | None:
    types = pa.types
    tests = {
        "sc:Boolean": types.is_boolean, "sc:Integer": types.is_integer, "sc:Float": types.is_floating,
        "sc:DateTime": types.is_timestamp, "sc:Date": types.is_date, "sc:Time": types.is_time,
    }  # fmt: skip
    if types.is_nested(kind) or types.is_duration(kind):
        return None
    if types.is_decimal(kind):
        return "sc:Float"
    return next((name for name, test in tests.items() if test(kind)), "sc:Text")
