"""How the ledger's tables came to be: one numbered revision after another, run when the storage is opened."""
