"""Index paths as step functions."""

import numpy as np
import pytest

from absengine.calendars.fixings import IndexPath
from absengine.errors import InputError

LPR = IndexPath("LPR1Y", np.array(["2025-01-20", "2025-05-20"], "M8[D]"), np.array([0.031, 0.03]))


def test_at__holds_each_rate_until_the_next() -> None:
    dates = np.array(["2025-01-20", "2025-05-19", "2025-05-20", "2031-01-01"], "M8[D]")
    assert LPR.at(dates).tolist() == [0.031, 0.031, 0.03, 0.03]


def test_at__refuses_dates_before_the_first() -> None:
    with pytest.raises(InputError, match="2025-01-19"):
        LPR.at("2025-01-19")


def test_shifted__moves_every_rate() -> None:
    moved = LPR.shifted(0.01)
    assert moved.name == "LPR1Y"
    np.testing.assert_allclose(moved.rates, [0.041, 0.04], atol=1e-15)


@pytest.mark.parametrize(
    ("dates", "rates", "code"),
    [
        (["2025-01-20"], [0.03, 0.04], "index-shape"),
        ([], [], "index-shape"),
        (["2025-05-20", "2025-01-20"], [0.03, 0.04], "index-dates-order"),
        (["2025-01-20"], [np.nan], "index-missing-value"),
        (["NaT"], [0.03], "index-missing-value"),
    ],
)
def test_index_path__refuses(dates: list[str], rates: list[float], code: str) -> None:
    with pytest.raises(InputError) as refusal:
        IndexPath("LPR1Y", np.array(dates, "M8[D]"), np.array(rates))
    assert refusal.value.problems[0].code == code
