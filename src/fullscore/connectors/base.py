"""What every connector shares: the three ways in which the outside can fail us."""


class ConnectorError(Exception):
    """The outside could not be read; the message is a sentence for the person in charge."""


class Unreachable(ConnectorError):
    """Nothing answered, or not in time."""


class Refused(ConnectorError):
    """It answered, and will not let us in or do what we ask."""


class Garbled(ConnectorError):
    """It answered what we cannot read; the message names the field or line."""
