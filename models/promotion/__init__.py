"""Who let a model serve: declared signers, keys, statements, and the ledger of promotions that anybody can verify again."""
