"""Measurements and comparisons for the tests of what is said of them."""

from dataclasses import replace

from burnish.dataset import Arm, Aside, Evaluation, Gate, Share, SliceEffect

NAN = float("nan")
HOSTILE = "<script>alert(1)</script>|a\nb]]>&\"'`[x](http://y)\x00\x1b[31m\ud800\ufffe\u202e @team " + "long " * 200


def measured(**changes):
    """Give a measurement of two codes that is better, with everything in it."""
    arms = (
        Arm("only:LAB001", 0.861, 0.85, 0.87, 2310, 10, 0.019, 0.007, 0.031),
        Arm("after", 0.866, 0.85, 0.88, 2240, 10, 0.024, 0.011, 0.036),
        Arm("before", 0.842, 0.83, 0.86, 2400, 10),
        Arm("control", 0.839, 0.82, 0.85, 2240, 10),
    )
    effect = Evaluation(
        "accuracy", 600, arms, 0.024, 0.011, 0.036, 0.027, 0.013, 0.04, 0.018, "better",
        margin=0.005,
        slices=(SliceEffect("region = 'north'", 90, 0.8, 0.83, 0.03, -0.01, 0.07, 0.4, regressed=False),),
        notes=("12 evaluation rows with a twin in train are left out of every arm.",),
        parameters={"majority_class": 0.13, "slices_by": "accuracy"},
        shares=(Share("DUP002", 70, 0.001, -0.008, 0.01), Share("LAB001", 90, 0.023, 0.011, 0.035)),
        gate=Gate(0.05, passed=True, n_slices=1),
        asides=(
            Aside("without evaluation rows whose label is in doubt", 580, 0.86, 0.88, 0.02, 0.01, 0.03, "better"),
            Aside("with evaluation rows that have a twin in train", 612, 0.85, 0.86, 0.01, -0.02, 0.03, "inconclusive"),
        ),
        rows_for_one_point=1834.0,
    )  # fmt: skip
    return replace(effect, **changes)


def compared(**changes):
    """Give a comparison that is inconclusive, and whose gate failed in the south."""
    south = SliceEffect("region = 'south'", 367, 0.798, 0.629, -0.169, -0.234, -0.104, 2.8e-6, regressed=True)
    effect = Evaluation(
        "accuracy", 2000, (Arm("before", 0.8075, 0.79, 0.82, 0, 1), Arm("after", 0.795, 0.78, 0.81, 0, 1)),
        -0.0125, -0.029, 0.004, NAN, NAN, NAN, 0.029, "inconclusive",
        margin=0.005,
        slices=(
            SliceEffect("region = 'west'", 389, 0.79, 0.83, 0.039, 0.007, 0.07, 0.039, regressed=False),
            replace(south, failed=True),
            SliceEffect("region = 'east'", 400, 0.8, 0.78, -0.02, -0.03, -0.01, 0.01, regressed=True),
        ),
        parameters={
            "labels": ["run A", "run B"], "test": "McNemar, exact", "p_value": 0.1536, "slices_by": "accuracy",
        },
        claim="this fitted model is better",
        gate=Gate(0.05, passed=False, failed=("region = 'south'",), n_slices=3),
        found=(south,),
        rows_for_one_point=44_750.0,
    )  # fmt: skip
    return replace(effect, **changes)


def a_loss(effect):
    """Give the same of a log loss."""
    return replace(effect, metric="log_loss", parameters={**effect.parameters, "slices_by": "log_loss"})


def hostile():
    """Give a comparison whose every string is hostile, and two slices of one name."""
    effect = compared()
    slices = tuple(replace(one, slice=HOSTILE) for one in effect.slices)
    return replace(
        effect,
        metric=HOSTILE,
        slices=slices,
        found=slices[:1],
        gate=replace(effect.gate, failed=(HOSTILE,)),
        notes=(HOSTILE,),
        parameters={"labels": [HOSTILE, HOSTILE], "test": HOSTILE, "p_value": 0.5, "slices_by": HOSTILE},
        shares=(Share(HOSTILE, 1, 0.1, 0.0, 0.2),) * 2,
        asides=(Aside(HOSTILE, 3, 0.1, 0.2, 0.1, 0.0, 0.2, "no worse"),),
        trend={"slope": 0.1, "unit": HOSTILE, "buckets": [bucket(HOSTILE, HOSTILE)]},
    )


def bucket(start, stop, lift=0.02):
    """Give one bucket of a trend."""
    return {"start": start, "stop": stop, "size": 50, "lift": lift, "low": lift - 0.01, "high": lift + 0.01}
