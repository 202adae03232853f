"""Playing one diagram in virtual time, without a database: what ``redress run`` does."""
