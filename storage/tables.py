"""Every module that puts a table into the ledger's metadata; a new one is named here."""

from types import ModuleType

from storage import sql_documents
from storage.audit import store as audit
from storage.chats import store as chats
from storage.deliveries import tables as deliveries
from storage.ledger import metadata
from storage.people import store as people

__all__ = ["TABLE_MODULES", "metadata"]

TABLE_MODULES: tuple[ModuleType, ...] = (audit, chats, deliveries, people, sql_documents)
