"""All cards that the gallery shows, by the name of their state."""

from cards.kit.build import card
from cards.kit.card import Card
from cards.kit.charts.elements import bar_chart, timeline_chart, trend_chart
from cards.kit.charts.year_table import year_table
from tests.cards.chart_samples import BARS, TIMELINES, TODAY, TRENDS, YEARS
from tests.cards.samples import SAMPLES


def all_cards() -> dict[str, Card]:
    """Return every card in every state, then each chart of the kit on a card of its own."""
    charts = {
        **{f"bars: {name}": bar_chart(bars) for name, bars in BARS.items()},
        **{f"trend: {name}": trend_chart(trend) for name, trend in TRENDS.items()},
        **{f"timeline: {name}": timeline_chart(timeline) for name, timeline in TIMELINES.items()},
        **{f"year: {name}": year_table(year, today=TODAY) for name, year in YEARS.items()},
    }
    return {name: sample.draw() for name, sample in SAMPLES.items()} | {
        name: card("グラフの見本", elements) for name, elements in charts.items()
    }
