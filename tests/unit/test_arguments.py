"""Arguments that are one thing, or several during a rotation."""

from __future__ import annotations

import pytest

from skypay_payout._arguments import as_tuple


@pytest.mark.parametrize("value", ["ab", ["ab"], ("ab",), {"ab"}, iter(["ab"]), {"ab": 1}])
def test_one_value_is_as_good_as_any_iterable_of_one(value: object) -> None:
    assert as_tuple("name", value, str) == ("ab",)


def test_several_values_keep_their_order() -> None:
    assert as_tuple("name", iter(["old", "new"]), str) == ("old", "new")


@pytest.mark.parametrize("value", [[], (), iter(())])
def test_no_value_is_a_value_error(value: object) -> None:
    with pytest.raises(ValueError, match="^name: expected one str or several, got none$"):
        as_tuple("name", value, str)


@pytest.mark.parametrize(("value", "got"), [(1, "int"), (None, "NoneType"), (b"a", "int"), (["a", 1], "int")])
def test_a_value_of_another_type_is_a_type_error_that_does_not_show_it(value: object, got: str) -> None:
    with pytest.raises(TypeError, match=f"^name: expected one str or several, got {got}$"):
        as_tuple("name", value, str)
