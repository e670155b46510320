"""Lists over HTTP: `limit` and `cursor` in, a page and `next` out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel, Field

from serving.http.cursors import Place, cut, read_cursor, write_cursor
from serving.http.dependencies import CallerOf, KeysOf, ProjectOf

ItemT = TypeVar("ItemT")

MOST_ROWS = 200


class Page(BaseModel, Generic[ItemT]):
    """Part of a list, and where the next part begins."""

    synthetic: bool = Field(description="True where every person is invented.")
    data: list[ItemT]
    next: str | None = Field(description="Send it as `cursor` for the next page; null on the last.", examples=["6Yk2m1vT0oWcQe"])


@dataclass(frozen=True)
class Pages:
    """What page the caller asks for."""

    limit: int
    cursor: str | None
    account_id: str
    key: bytes
    is_synthetic: bool

    def after(self, of: str) -> Place | None:
        """Read behind which place of a list the page begins; None at the beginning.

        Raises
        ------
        ReviewError
            TID741.
        """
        return None if self.cursor is None else read_cursor(self.cursor, of=f"{of} {self.account_id}", key=self.key)

    def cut(self, rows: Sequence[ItemT], *, of: str, place: Callable[[ItemT], Place], is_descending: bool = False) -> Page[ItemT]:
        """Answer with the page asked for of a whole list, in the order of its places.

        Raises
        ------
        ReviewError
            TID741.
        """
        page, end = cut(rows, place=place, after=self.after(of), limit=self.limit, is_descending=is_descending)
        return self.answer(page, of=of, end=end)

    def answer(self, page: Sequence[ItemT], *, of: str, end: Place | None) -> Page[ItemT]:
        """Answer with a page that ends at a place."""
        following = None if end is None else write_cursor(end, of=f"{of} {self.account_id}", key=self.key)
        return Page(synthetic=self.is_synthetic, data=list(page), next=following)


async def _asked(
    account: CallerOf,
    keys: KeysOf,
    project: ProjectOf,
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS, description="Rows of a page at most.")] = 50,
    cursor: Annotated[str | None, Query(max_length=500, description="`next` of the page before.")] = None,
) -> Pages:
    return Pages(limit, cursor, account.id, keys.service_key, project.is_synthetic)


PagesOf = Annotated[Pages, Depends(_asked)]
