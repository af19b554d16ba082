"""Loans side by side in blocks: how they are packed, and how a block's balances move a month."""
