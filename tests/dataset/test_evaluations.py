import json
import math

import pytest

from burnish.dataset import Arm, Evaluation, SliceEffect
from burnish.errors import InputError


def evaluation(**more):
    arms = (Arm("before", 0.8, 0.7, 0.9, 100, 5), Arm("only:DUP001", 0.81, 0.71, 0.9, 90, 5))
    effect = SliceEffect("cluster 3", 40, 0.5, 0.6, 0.1, 0.0, 0.2, 0.04, regressed=False)
    numbers = dict.fromkeys(
        ("lift", "lift_low", "lift_high", "lift_vs_control", "lift_vs_control_low", "lift_vs_control_high"), 0.01
    )
    return Evaluation(
        metric="accuracy", n_eval=200, arms=arms, smallest_visible_lift=0.03, verdict="no worse",
        slices=(effect,), notes=("few rows",), parameters={"model": "probe"}, **(numbers | more),
    )  # fmt: skip


def test_an_evaluation_survives_json():
    assert Evaluation.from_json(json.loads(json.dumps(evaluation().to_json()))) == evaluation()


def test_arms_are_found_by_name_in_the_document():
    document = evaluation().to_json()
    assert document["arms"]["only:DUP001"]["n_train"] == 90
    assert evaluation().arm("before").value == 0.8


def test_a_number_that_json_could_not_say_is_nan_again():
    document = evaluation().to_json() | {"lift_low": None}
    assert math.isnan(Evaluation.from_json(document).lift_low)


@pytest.mark.parametrize("document", [{}, {"arms": 3}, {"arms": {}, "color": 1}])
def test_what_is_no_evaluation_is_refused(document):
    with pytest.raises(InputError, match="not an evaluation"):
        Evaluation.from_json(document)
