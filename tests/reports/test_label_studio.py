import base64
import json
from xml.etree import ElementTree as ET

import pytest

from burnish.dataset.reviews import ReviewTask
from burnish.errors import InputError
from burnish.reports.label_studio import label_studio_config, label_studio_tasks

NASTY = "<script>alert(1)</script> & \"quotes\" 'single'\n]]> $text {{x}} \x1b \u2028 😀"


def parsed(config):
    return ET.fromstring(config)  # noqa: S314 - our own


def task(**more):
    given = {
        "row_id": "r0",
        "version": "v",
        "row_digest": "d",
        "code": "LAB001",
        "message": "looks wrong",
        "score": 0.91237,
    }
    return ReviewTask(**{**given, "text": "a text", **more})


def test_a_task_has_what_label_studio_imports_and_what_its_answer_is_known_by():
    (told,) = json.loads(
        label_studio_tasks(
            [task(given_label="ham", suggested_label="spam", probabilities={"spam": 0.8}, codes=("LAB001",))]
        )
    )
    assert told["data"] == {
        "text": "a text", "image": "", "note": "LAB001: looks wrong", "row_id": "r0", "version": "v", "row_digest": "d",
        "given_label": "ham", "suggested_label": "spam", "probabilities": {"spam": 0.8}, "score": 0.9124,
        "evaluation": False,
    }  # fmt: skip
    assert told["meta"] == {"code": "LAB001", "codes": ["LAB001"]}
    assert told["predictions"] == [
        {
            "model_version": "burnish",
            "score": 0.9124,
            "result": [{"from_name": "label", "to_name": "row", "type": "choices", "value": {"choices": ["spam"]}}],
        }
    ]
    assert json.loads(label_studio_tasks([task()]))[0]["predictions"] == []


def test_the_config_names_what_tasks_and_suggestions_name():
    view = parsed(label_studio_config([task()], ["ham", "spam", "(drop)"]))
    control, shown = view.find("Choices"), view.find("Text")
    assert (control.get("name"), control.get("toName"), control.get("choice")) == ("label", "row", "single")
    assert (shown.get("name"), shown.get("value")) == ("row", "$text")
    assert [choice.get("value") for choice in control] == ["ham", "spam", "(drop)"]
    assert view.find("Image") is None
    several = parsed(label_studio_config([task()], [str(i) for i in range(20)], several=True)).find("Choices")
    assert (several.get("choice"), several.get("layout")) == ("multiple", "select")


def test_images_are_shown_with_their_text_where_they_have_one():
    alone = parsed(label_studio_config([task(text=None, image="a.png")], ["x"]))
    assert (alone.find("Image").get("name"), alone.find("Image").get("value")) == ("row", "$image")
    assert alone.find("Text") is None
    both = parsed(label_studio_config([task(image="a.png")], ["x"]))
    assert both.find("Text").get("name") == "text"


def test_nasty_text_and_classes_come_through_whole():
    (told,) = json.loads(label_studio_tasks([task(text=NASTY, message=NASTY)]))
    assert told["data"]["text"] == NASTY
    classes = [NASTY.replace("\x1b", ""), " spaces ", "tab\tline\nend", "&lt;"]
    config = label_studio_config([task()], classes)
    assert [choice.get("value") for choice in parsed(config).find("Choices")] == classes
    assert "<script" not in config


def test_a_class_that_xml_cannot_hold_is_refused():
    with pytest.raises(InputError, match="control character"):
        label_studio_config([task()], ["good", "bad\x01"])


@pytest.mark.parametrize(
    ("image", "address"),
    [
        ("cats/a b#?&%.png", "/data/local-files/?d=cats/a%20b%23%3F%26%25.png"),
        ("/abs/é.png", "/data/local-files/?d=abs/%C3%A9.png"),
        ("https://example.org/a b.png", "https://example.org/a b.png"),
        ("javascript:alert(1)", "/data/local-files/?d=javascript%3Aalert%281%29"),
        (b"\x89PNG\r\n", "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n").decode()),
        (b"<svg onload=", "data:image/unknown;base64," + base64.b64encode(b"<svg onload=").decode()),
    ],
)
def test_images_get_an_address_that_label_studio_opens(image, address):
    assert json.loads(label_studio_tasks([task(image=image)]))[0]["data"]["image"] == address
