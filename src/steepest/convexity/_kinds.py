"""What can be broken."""

# name: the sign of f in the inequality of a convex function, and whether equality breaks it too
KINDS = {
    "convex": (1, False),
    "strict": (1, True),
    "concave": (-1, False),
    "strictly concave": (-1, True),
}

NOUNS = {
    "convex": "convexity",
    "strict": "strict convexity",
    "concave": "concavity",
    "strictly concave": "strict concavity",
}
