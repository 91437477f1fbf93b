from collections.abc import Callable, Set

def punycode(text: str) -> str: ...
def below(names: set[str]) -> list[str]: ...

class SureNames:
    def __init__(
        self,
        names: set[str],
        *,
        named: Set[str],
        asked: Set[str],
        letter: Callable[[str], str],
        odd: Callable[[str], bool],
        longest_label: int,
        longest: int,
    ) -> None: ...
    def take(self, block: bytes) -> tuple[int, int, int, list[tuple[int, bytes]]]: ...
    def asks(self, name: str) -> bool: ...
