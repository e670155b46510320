"""How often the API may be called: per address, per account, and more strictly for scoring.

Counts are kept in the memory of each process, in sliding windows of a minute: several processes let in as many times more. They keep one
client from crowding out the others; what somebody may see at all is for permissions and alarms to say.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

from fastapi import Depends, Request
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from serving.errors import TooManyCallsError
from serving.http.cookies import address_of
from serving.http.dependencies import FoundCallerOf, MachineOf
from serving.settings import Settings


@dataclass(frozen=True)
class RateLimits:
    """The limits of one process, and who called how often."""

    of_address: RateLimitItem
    of_account: RateLimitItem
    of_scores: RateLimitItem
    _limiter: SlidingWindowCounterRateLimiter = field(default_factory=lambda: SlidingWindowCounterRateLimiter(MemoryStorage()), repr=False)

    def check(self, limit: RateLimitItem, who: str) -> None:
        """Count a call, and refuse it where there were too many.

        Raises
        ------
        TooManyCallsError
            TID740; a refused call does not count.
        """
        if not self._limiter.hit(limit, who):
            left = self._limiter.get_window_stats(limit, who).reset_time - time.time()
            raise TooManyCallsError(retry_after=max(1, math.ceil(left)))


def build_rate_limits(settings: Settings) -> RateLimits:
    """Make the limits that the settings ask for, nobody having called yet."""
    return RateLimits(
        RateLimitItemPerMinute(settings.calls_per_minute_address, namespace="address"),
        RateLimitItemPerMinute(settings.calls_per_minute, namespace="account"),
        RateLimitItemPerMinute(settings.score_calls_per_minute, namespace="scores"),
    )


def limits_of(request: Request) -> RateLimits:
    """Give the limits of this process."""
    found: RateLimits = request.app.state.rate_limits
    return found


async def check_address(request: Request) -> None:
    """Refuse an address that calls too often (TID740), before anything else is looked at."""
    limits = limits_of(request)
    limits.check(limits.of_address, address_of(request))


async def check_account(request: Request, account: FoundCallerOf) -> None:
    """Refuse an account that calls too often (TID740)."""
    limits = limits_of(request)
    if account is not None:
        limits.check(limits.of_account, account.id)


async def check_machine(request: Request, machine: MachineOf) -> None:
    """Refuse a machine client that scores too often (TID740)."""
    limits = limits_of(request)
    limits.check(limits.of_scores, machine.id)


LimitedAddress = Depends(check_address)
LimitedAccount = Depends(check_account)
LimitedMachine = Depends(check_machine)
"""What routers ask for; the first two stand before every route of the API."""
