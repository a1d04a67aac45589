"""Numbers as in the United States, so that 1,204 is the same on a page in Spanish; days in forms as browsers send them."""

DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = ","
NUMBER_GROUPING = 3
DATE_FORMAT = "j \\d\\e F \\d\\e Y"
TIME_FORMAT = "g:i a"
DATE_INPUT_FORMATS = ["%Y-%m-%d"]
