"""The periodic jobs of reviews, in order; running them twice changes nothing."""

from __future__ import annotations

from civicmail.city.conduct.actions import enforcement, non_response, reminders, review_end, review_schedule


def sweep(now: int) -> int:
    """Run the review jobs once, at this time (ms); how much was done."""
    done = review_schedule.plan_due(now) + review_schedule.start_due(now) + review_schedule.micro_due(now)
    done += review_end.moot_due(now) + enforcement.carry_out_due(now)
    done += reminders.step_in(now) + reminders.remind(now)
    done += non_response.end_due(now) + enforcement.carry_out_due(now) + non_response.expire_due(now)
    return done + enforcement.verify_due(now) + review_end.close_due(now)
