"""What a running function reports of its progress."""

from __future__ import annotations

from collections.abc import Callable

from psycopg.errors import Diagnostic

Progress = Callable[[float, float, str], None]  # done, total, what is being done

REPORT = "SK001"  # the notice of gateway.progress


def progress_handler(progress: Progress) -> Callable[[Diagnostic], None]:
    """A notice handler that hears what gateway.progress says."""

    def hear(diagnosis: Diagnostic) -> None:
        if diagnosis.sqlstate == REPORT:
            done, total = (diagnosis.message_detail or "0/1").split("/")
            progress(float(done), float(total), diagnosis.message_primary or "")

    return hear
