"""`civicmail review`: access reviews: list, start, evidence file (P-05)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from civicmail.city.conduct.acts.review_campaigns import START_CAMPAIGN
from civicmail.city.guard.errors import Unusable
from civicmail.front.cli import act_commands, actors, options, output
from civicmail.front.cli.groups import group

app = group("Whether access is still justified: reviews by departments.")


@app.command("list")
def list_(sign_in: options.SignIn, json: options.Json = False) -> None:
    """List access reviews with number, open rows and last day."""
    desk = actors.signed_in("review list", sign_in)
    from civicmail.city.conduct.actions.review_notices import last_day, name_of
    from civicmail.city.conduct.models import Review
    from civicmail.city.conduct.queries import reviews
    from civicmail.city.conduct.review_states import WORDS
    from civicmail.city.guard import guard

    guard.require(desk.actor, "reviews.see", now=desk.now)
    rows = list(Review.objects.order_by("planned", "pk"))
    counts = reviews.states_of([r.pk for r in rows])
    for row in rows:
        states: dict[str, int] = counts.get(row.pk) or {}
        due = last_day(row).isoformat() if row.deadline else ""
        total, open_ = sum(states.values()), states.get("open", 0)
        if json:
            plain = {"number": row.pk, "name": name_of(row), "state": row.state, "starts": row.planned.isoformat(), "due": due}
            output.emit({**plain, "rows": total, "open": open_})
        else:
            output.show(
                f"{row.pk:5} {WORDS[row.state][1]:10} {row.planned} {name_of(row)}: {open_} of {total} open"
                f"{f', due {due}' if due else ''}"
            )


act_commands.add(app, START_CAMPAIGN)


@app.command()
def pack(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="Of a review, as `review list` has it.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The zip file to write; it must not be there.")],
    sign_in: options.SignIn,
) -> None:
    """Write the evidence of a review as one file, which tools/verify_review.py checks."""
    desk = actors.signed_in("review pack", sign_in)
    from civicmail.city.conduct.models import Review
    from civicmail.city.conduct.queries import review_evidence
    from civicmail.city.guard import guard

    guard.require(desk.actor, "reviews.see", now=desk.now)
    review = Review.objects.filter(pk=number, started__isnull=False).first()
    if review is None:
        raise Unusable(f"There is no review {number} that has begun.")
    content = review_evidence.file(review, desk.folder, desk.settings.city.name)
    output.write_new(out, content)
    output.show(f"{out}: {len(content):,} bytes.")
