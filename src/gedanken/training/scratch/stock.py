"""Examples made ahead, on other machines or in other hours, and learnt from beside fresh ones.

A GPU learns many times faster than the processors beside it make examples. A stock is a folder of files, each with the
examples of some pools; a run mixes examples drawn from it with those that its loaders make.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from gedanken.errors import UserError
from gedanken.seeding import stream
from gedanken.training.scratch.loader import Example, Source

FIRST_POOL = 1_000_000
"""Number of the first pool of a stock: those of runs begin at 0."""

DRAWN = 256
"""Examples of a pool that come from a stock where none are fresh."""

NAME = "pools-{}.npz"


def write_part(source: Source, folder: Path, first: int, pools: int, vocabulary: str) -> Path:
    """Make pools and write their examples as one file of a stock; one that is there already is left as it is.

    Args:
        source: of the examples.
        folder: of the stock.
        first: number of the first pool.
        pools: how many.
        vocabulary: name of the tokens' meaning, as of `Lesson.vocabulary`.

    Raises:
        UserError: the examples cannot be made, or have tokens beyond 65,535.
    """
    path = folder / NAME.format(f"{first:07d}")
    if path.is_file():
        return path
    examples = [example for number in range(first, first + pools) for example in source.make_pool(number)]
    ids = np.concatenate([example.ids for example in examples])
    if ids.max() > np.iinfo(np.uint16).max:
        raise UserError(f"a stock holds tokens up to {np.iinfo(np.uint16).max}; these go up to {ids.max()}")
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    with unfinished.open("wb") as file:
        np.savez_compressed(
            file,
            ids=ids.astype(np.uint16),
            asked=np.packbits(np.concatenate([example.asked for example in examples])),
            lengths=np.array([len(example.ids) for example in examples], np.int32),
            vocabulary=np.array(vocabulary),
        )
    unfinished.replace(path)
    return path


class Stock(Sequence[Example]):
    """The examples of a stock's folder.

    Args:
        folder: of the stock.
        vocabulary: name of the meaning that its tokens must have, as of `Lesson.vocabulary`.

    Raises:
        UserError: the folder holds no stock, a file of it cannot be read, or its tokens mean something else.
    """

    def __init__(self, folder: Path, vocabulary: str):
        paths = sorted(folder.glob(NAME.format("*")))
        if not paths:
            raise UserError(f"{folder} holds no examples made ahead ({NAME.format('*')})")
        ids, asked, lengths = [], [], []
        for path in paths:
            try:
                with path.open("rb") as file, np.load(file, allow_pickle=False) as part:
                    ids.append(part["ids"])
                    asked.append(np.unpackbits(part["asked"], count=len(ids[-1])).astype(bool))
                    lengths.append(part["lengths"])
                    written = str(part["vocabulary"])
            except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
                raise UserError(f"{path} is no file of examples made ahead: {error}") from error
            if written != vocabulary:
                raise UserError(f"{path} is written in the tokens of {written}, this run in those of {vocabulary}")
        self._ids, self._asked = np.concatenate(ids), np.concatenate(asked)
        self._ends = np.cumsum(np.concatenate(lengths))

    @property
    def tokens(self) -> int:
        """Of all examples."""
        return len(self._ids)

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, index: int) -> Example:  # type: ignore[override]
        if not 0 <= index < len(self):
            raise IndexError(f"example {index} of {len(self)}")
        at = slice(int(self._ends[index - 1]) if index else 0, int(self._ends[index]))
        return Example(self._ids[at].astype(np.int32), self._asked[at])


@dataclass(frozen=True)
class Mixed:
    """Pools of a source taken together, with examples of a stock among them.

    Attributes:
        source: of the fresh examples.
        vocabulary: name of the tokens' meaning.
        pools: of the source, in one pool of this.
        stock: a stock's folder; None for none.
        share: of the examples that come from the stock, each drawn at random; 1 makes no fresh ones.
    """

    source: Source
    vocabulary: str
    pools: int = 1
    stock: Path | None = None
    share: float = 0.0

    @cached_property
    def _stock(self) -> Stock | None:
        return None if self.stock is None else Stock(self.stock, self.vocabulary)

    def make_pool(self, number: int) -> list[Example]:
        """The examples of a pool.

        Raises:
            UserError: as of the source and of the stock.
        """
        stock = self._stock
        if stock is not None and self.share == 1.0:
            return self._draw(stock, number, self.pools * DRAWN)
        examples = [each for k in range(self.pools) for each in self.source.make_pool(number * self.pools + k)]
        if stock is not None:
            examples += self._draw(stock, number, round(len(examples) * self.share / (1.0 - self.share)))
        return examples

    @staticmethod
    def _draw(stock: Stock, number: int, count: int) -> list[Example]:
        drawn = stream("scratch", "stock", number).integers(len(stock), size=count)
        return [stock[k] for k in drawn.tolist()]

    def __getstate__(self) -> dict[str, object]:
        """Without the stock, which another process reads for itself."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}
