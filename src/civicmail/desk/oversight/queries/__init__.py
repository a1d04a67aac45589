"""What other rooms may ask of oversight, a module for each subject."""
