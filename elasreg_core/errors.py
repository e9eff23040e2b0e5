"""Errors that teach: what is wrong, what was expected, what was received, and the cure."""

from __future__ import annotations

import errno


class InputError(ValueError):
    """Input that cannot be used as it is. Its text is one line that a user can act on.

    Example:
        >>> print(InputError("The file is missing.", received="a.nii", cure="Check the path."))
        The file is missing. Received: a.nii. Cure: Check the path.
    """

    def __init__(self, what: str, *, expected: object = None, received: object = None, cure: str | None = None) -> None:
        self.what, self.expected, self.received, self.cure = what, expected, received, cure
        labelled = (("Expected", expected), ("Received", received), ("Cure", cure))
        sentences = [_sentence(what)]
        sentences += [f"{label}: {_sentence(str(text))}" for label, text in labelled if text is not None]
        super().__init__(" ".join(" ".join(sentences).split()))


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else text + "."


_ELSEWHERE = "Choose a folder that can be written to; the workspace's own is named by ELASREG_HOME"
_UNWRITABLE = {
    errno.ENOSPC: ("the disk is full", "Free some space, then run the same again (a training with --resume)"),
    errno.EDQUOT: ("the quota is used up", "Free some space, then run the same again (a training with --resume)"),
    errno.EFBIG: ("files may not grow that large", "Raise the limit (ulimit -f), then run the same again"),
    errno.EROFS: ("the file system is read-only", _ELSEWHERE),
    errno.EACCES: ("this user may not", _ELSEWHERE),
    errno.EPERM: ("this user may not", _ELSEWHERE),
}


def unwritable(path: object, error: OSError) -> InputError:
    """What to say where a file or a folder cannot be written.

    Example:
        >>> print(unwritable("a.nii", OSError(errno.EROFS, "")))  # doctest: +ELLIPSIS
        a.nii cannot be written: the file system is read-only. Cure: Choose a folder that can be written to; ...
    """
    if error.errno not in _UNWRITABLE:
        return InputError(f"{path} cannot be written.", received=error.strerror or str(error), cure="Check the path")
    why, cure = _UNWRITABLE[error.errno]
    return InputError(f"{path} cannot be written: {why}.", cure=cure)


def means_unwritable(error: OSError) -> bool:
    """Whether an error that may have come from anywhere can only have come from writing."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
