"""What the time does in reviews, one thing after the other; a second round finds nothing to do."""

from __future__ import annotations

from civicmail.city.conduct.actions import enforcing, planning, reminding, settling, silence


def sweep(now: int) -> int:
    """One round (ms); how much was done."""
    done = planning.plan_due(now) + planning.start_due(now) + planning.micro_due(now)
    done += settling.moot_due(now) + enforcing.carry_due(now)
    done += reminding.step_in(now) + reminding.remind(now)
    done += silence.end_due(now) + enforcing.carry_due(now) + silence.lapse_due(now)
    return done + enforcing.verify_due(now) + settling.close_due(now)
