"""Review tasks for Label Studio: a list of tasks to import, and the labelling config that goes with it."""

import base64
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from burnish.dataset.reviews import CONTROL, ReviewTask
from burnish.errors import InputError

ROW = "row"
"""Name of what the choice is about, in the config and in suggestions."""
LISTED_CHOICES = 12
"""More choices than that are shown as a menu."""

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REMOTE = re.compile(r"(https?|s3|gs)://", re.IGNORECASE)
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")
_IMAGE_KINDS = {
    b"\x89PNG": "png", b"\xff\xd8": "jpeg", b"GIF8": "gif", b"BM": "bmp", b"RIFF": "webp", b"II*\0": "tiff",
    b"MM\0*": "tiff",
}  # fmt: skip


def label_studio_tasks(tasks: Iterable[ReviewTask]) -> str:
    """Give the JSON that Label Studio imports: tasks in the given order, the suggested label as a prediction.

    What an answer is known by stands in `data`, which its smaller export keeps. An image path becomes the address
    that Label Studio serves local files under, image bytes a data address.
    """
    return json.dumps([_task(task) for task in tasks], ensure_ascii=False, allow_nan=False, indent=1)


def label_studio_config(tasks: Sequence[ReviewTask], choices: Iterable[str], *, several: bool = False) -> str:
    """Give the labelling config (XML): the row, why it is here, and the choices; `several` may hold at once.

    Raises InputError for a class that XML cannot say.
    """
    listed = tuple(choices)
    mute = next((choice for choice in listed if _NOT_XML.search(choice)), None)
    if mute is not None:
        raise InputError(
            f"the class {mute!r} has a control character, which no labelling config can hold.",
            remedy="Rename the class, or review with --to review-csv.",
        )
    view = ET.Element("View")
    ET.SubElement(view, "Header", value="$note")
    pictured = any(task.image is not None for task in tasks)
    if pictured:
        ET.SubElement(view, "Image", name=ROW, value="$image")
    if not pictured or any(task.text is not None for task in tasks):
        ET.SubElement(view, "Text", name="text" if pictured else ROW, value="$text")
    layout = "select" if len(listed) > LISTED_CHOICES else "vertical"
    kind = "multiple" if several else "single"
    control = ET.SubElement(view, "Choices", name=CONTROL, toName=ROW, choice=kind, required="true", layout=layout)
    for choice in listed:
        ET.SubElement(control, "Choice", value=choice)
    ET.indent(view)
    return ET.tostring(view, encoding="unicode") + "\n"


def _task(task: ReviewTask) -> dict[str, Any]:
    data = {
        "text": task.text or "",
        "image": "" if task.image is None else _address(task.image),
        "note": f"{task.code}: {task.message}",
        "row_id": task.row_id,
        "version": task.version,
        "row_digest": task.row_digest,
        "given_label": task.given_label,
        "suggested_label": task.suggested_label,
        "probabilities": dict(task.probabilities),
        "score": round(task.score, 4),
        "evaluation": task.evaluation,
    }
    suggestions = [] if task.suggested_label is None else [_suggestion(task.suggested_label, task.score)]
    return {"data": data, "meta": {"code": task.code, "codes": list(task.codes)}, "predictions": suggestions}


def _suggestion(label: str, score: float) -> dict[str, Any]:
    chosen = {"from_name": CONTROL, "to_name": ROW, "type": "choices", "value": {"choices": [label]}}
    return {"model_version": "burnish", "score": round(score, 4), "result": [chosen]}


def _address(image: str | bytes) -> str:
    if isinstance(image, bytes):
        kind = next((kind for head, kind in _IMAGE_KINDS.items() if image.startswith(head)), "unknown")
        return f"data:image/{kind};base64,{base64.b64encode(image).decode()}"
    if _REMOTE.match(image):
        return image
    path = "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in image.lstrip("/").encode())
    return f"/data/local-files/?d={path}"
