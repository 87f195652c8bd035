"""Numbers with their units, in words."""


def people(count: int) -> str:
    """Return 1,234人."""
    return f"{count:,}人"


def percent(part: int, whole: int) -> str:
    """Return 75%, rounded down so that 100% means all; a dash where there is nothing to divide by."""
    return f"{part * 100 // whole}%" if whole else "－"


def count_of(things: int) -> str:
    """Return 3件."""
    return f"{things:,}件"
