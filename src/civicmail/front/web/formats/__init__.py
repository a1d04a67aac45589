"""How a language writes numbers and dates, where Django's own way is not that of a city in the United States."""
