"""A fake of Teams' Bot Connector REST API on loopback, with the faults that the real one shows.

Inside a test::

    async with FakeConnector(Plan(rules=(Rule(member="x", steps=("429:1", "500-after-accept")),))) as teams:
        ...  # the bot sends to teams.url
        assert teams.records.counts() == {"x": 1}

As its own process: ``python -m tests.fakes.connector --plan plan.json`` prints its URL as the first line.
"""

from tests.fakes.connector.chats import Chats, chat_id
from tests.fakes.connector.plan import Kind, Plan, Rule, plan_from_json
from tests.fakes.connector.records import Asked, Records, Taken
from tests.fakes.connector.server import FakeConnector
from tests.fakes.connector.steps import Step, parse_step

__all__ = [
    "Asked",
    "Chats",
    "FakeConnector",
    "Kind",
    "Plan",
    "Records",
    "Rule",
    "Step",
    "Taken",
    "chat_id",
    "parse_step",
    "plan_from_json",
]
