"""What can go wrong when balances are brought in. Operators read it on a terminal, in English.

SluiceError
└── MovingError
    ├── FileUnreadable      the file as a whole cannot be read
    ├── FileChanged         it is another file than the one that was checked
    ├── RowsBad             rows that cannot be imported; each was told
    ├── MovingBusy          another import is writing
    └── MovingClosed        the import was ended for good
"""

from apps.core.errors import Conflict, Invalid, SluiceError


class MovingError(SluiceError):
    code = "moving_error"


class FileUnreadable(Invalid, MovingError):
    code = "file_unreadable"


class FileChanged(Conflict, MovingError):
    code = "file_changed"


class RowsBad(Invalid, MovingError):
    code = "rows_bad"


class MovingClosed(Conflict, MovingError):
    code = "moving_closed"


class MovingBusy(Conflict, MovingError):
    code = "moving_busy"
