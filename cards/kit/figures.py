"""Numbers with their units, in words."""


def people(count: int) -> str:
    """Return 1,234人."""
    return f"{count:,}人"


def percent(part: int, whole: int) -> str:
    """Return 75%, rounded down so that 100% means all; a dash where there is nothing to divide by.

    A part that is there but below one in a hundred is 1%未満: 0% would deny it.
    """
    if not whole:
        return "－"
    share = part * 100 // whole
    return "1%未満" if part and not share else f"{share}%"


def count_of(things: int) -> str:
    """Return 3件."""
    return f"{things:,}件"
