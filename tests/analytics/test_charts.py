"""When a chart is drawn, and when its table alone is shown."""

import pytest

from analytics.metrics import Unit
from analytics.reports.charts import Cell, Chart, Column, Draw, Row

FIGURE, NONE = Cell(60.0, "1 min"), Cell(None, "–")


@pytest.mark.parametrize(
    ("cells", "drawn"),
    [((FIGURE, FIGURE), True), ((FIGURE, NONE), True), ((NONE, FIGURE), False), ((NONE, NONE), False)],
)
def test_a_picture_needs_a_figure_in_what_it_shows(cells: tuple[Cell, Cell], drawn: bool) -> None:
    """A person may have been given conversations and have answered none: the table says so, and the picture would be an empty frame."""
    columns = (Column("First response", Unit.TIME), Column("Assigned to them", Unit.NUMBER, drawn=False))
    chart = Chart("times", "How fast", (), Draw.BARS, "Agent", columns, [Row("Jo", cells)])

    assert chart.is_drawn is drawn


def test_what_is_a_table_alone_is_not_drawn() -> None:
    chart = Chart(
        "times", "How fast", (), Draw.TABLE, "Agent", (Column("First", Unit.TIME),), [Row("Jo", (FIGURE,))]
    )

    assert not chart.is_drawn
