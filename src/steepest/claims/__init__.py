"""Statements that check themselves: the numbers in a lecture that a build can refuse."""

from steepest.claims.checking import METADATA, RELATIONS, Claim, ClaimError, claim

__all__ = ["METADATA", "RELATIONS", "Claim", "ClaimError", "claim"]
