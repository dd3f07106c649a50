"""What holds for all tests: how long a machine takes is no property of what is tested."""

from hypothesis import settings

settings.register_profile("burnish", deadline=None)
settings.load_profile("burnish")
