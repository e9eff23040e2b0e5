"""The digests of a cohort's pairs, by which scores and verdicts are found; an image is read once, and never again."""

from __future__ import annotations

from elasreg_core.data.cases import Case
from elasreg_core.data.datasets import Dataset
from elasreg_core.data.prepared import fingerprint
from elasreg_core.networks.checkpoint import Checkpoint
from elasreg_core.workspace.store import Store


class PairDigests:
    """`RegistrationPair.digest` of the cases of a data set, as one checkpoint's preprocessing sees them."""

    def __init__(self, store: Store, dataset: Dataset, checkpoint: Checkpoint) -> None:
        """Takes up what the store remembers."""
        self._store, self._dataset, self._checkpoint = store, dataset, checkpoint
        self._known = store.digests()

    def known(self, case: Case) -> str | None:
        """A pair's digest; None if it has not been read since one of its files changed."""
        return self._known.get(self._fingerprint(case))

    def read(self, case: Case) -> str:
        """A pair's digest, read from its images and remembered where it is not known.

        Raises:
            InputError: it cannot be read.
        """
        key = self._fingerprint(case)
        if key not in self._known:
            pair = self._dataset.load(case.id, self._checkpoint.card.preprocessing, self._checkpoint.tissues)
            self._known[key] = pair.digest
            self._store.remember(key, pair.digest)
        return self._known[key]

    def _fingerprint(self, case: Case) -> str:
        tissues = self._dataset.tissues or self._checkpoint.tissues
        return fingerprint(case, self._checkpoint.card.preprocessing, tissues)
