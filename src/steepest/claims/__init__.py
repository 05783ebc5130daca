"""Statements that check themselves: the numbers in a lecture that a build can refuse."""

from steepest.claims.checking import Claim, ClaimError, claim

__all__ = ["Claim", "ClaimError", "claim"]
