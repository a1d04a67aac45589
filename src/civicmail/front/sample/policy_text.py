"""The e-mail policy of the sample city. Our own text."""

TITLE = "Use of the city's e-mail"
CHANGED = ""
TEXT = """# What this is about

The city gives you a mailbox because your department decided that your work needs one. It is not a right, and your department looks
at that decision again at least once a year.

# Whose mail it is

Everything that you send or receive with it belongs to the city. All of it is kept, and much of it is a public record that anybody
may ask to see. Do not expect privacy. Management may look at any mail at any time and without telling you first; each time that
somebody does, a reason was written down before, and it can be checked.

# What you may use it for

Use it for the city's work, and use nothing else for the city's work: no other mail services. Your department may allow a little
personal use; the page My access says whether it does. Never use it for anything illegal, for profit, or for politics, and never
for what insults, threatens or embarrasses people, or breaks somebody's copyright.

# Who you are

Send under your own name only. Do not use anybody else's sign-in, and let nobody use yours, also not while you are away: your
supervisor can ask that a named person reads your mail for you.

# What must not leave

Do not put confidential information into mail that is not encrypted. Files with information of the city leave with your manager's
approval.

# When in doubt

Links and files can harm the city even when they come from somebody you know. When something looks odd, ask the sender by another
way, and report it.

# When this is broken

Your department hears you and decides. Access can be suspended, and it can end for good.
"""
