"""What is done with examinations, their exports and their holds, each act defined once."""
