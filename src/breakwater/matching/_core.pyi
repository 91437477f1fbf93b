import numpy as np
from numpy.typing import NDArray

LINE_WORDS: int

def kernels() -> list[str]: ...
def arrange(
    codes: NDArray[np.uint64], bits: int, threads: int = 1
) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]: ...
def gather(
    codes: NDArray[np.uint64],
    order: NDArray[np.uint32],
    starts: NDArray[np.uint32],
    out: NDArray[np.uint64],
    threads: int = 1,
) -> None: ...
def fill_table(
    codes: NDArray[np.uint64],
    spec: tuple[int, int, int, int, int, int],
    lines: NDArray[np.uint32],
    room: NDArray[np.uint64],
) -> NDArray[np.uint32]: ...

class RadiusTables:
    def __init__(
        self,
        codes: NDArray[np.uint64],
        tables: list[tuple[int, int, int, int, int, int, NDArray[np.uint32], NDArray[np.uint32]]],
        radius: int,
        kernels: str = "",
    ) -> None: ...
    def search(
        self, queries: NDArray[np.uint64], radius: int, threads: int = 1, scan: bool = False
    ) -> tuple[NDArray[np.int64], NDArray[np.uint32], NDArray[np.uint16], int]: ...
    def near(self, query: bytes, radius: int) -> list[tuple[int, int]]: ...
    @property
    def kernels(self) -> str: ...

def arrange_digests(
    digests: NDArray[np.uint8],
) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]: ...
def fill_prefixes(digests: NDArray[np.uint8], bits: int, offsets: NDArray[np.uint32]) -> None: ...
def find_digests(
    digests: NDArray[np.uint8],
    offsets: NDArray[np.uint32],
    bits: int,
    asked: NDArray[np.uint8],
    threads: int = 1,
) -> NDArray[np.int64]: ...
def near_vectors(
    known: NDArray[np.uint8],
    known_heads: NDArray[np.uint8],
    asked: NDArray[np.uint8],
    asked_heads: NDArray[np.uint8],
    limit: int,
    threads: int = 1,
    kernels: str = "",
) -> tuple[NDArray[np.int64], NDArray[np.uint32], NDArray[np.uint32]]: ...
def pdq(
    image: NDArray[np.uint8], all_turns: bool = False, kernels: str = ""
) -> tuple[NDArray[np.uint8], int]: ...
