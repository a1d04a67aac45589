"""Number and date formats where Django's differ from those of the United States."""
