"""The sample city: demo, simulation and test fixture."""
