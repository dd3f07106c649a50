"""What holds for all tests: how long a machine takes is no property of what is tested."""

from hypothesis import settings

settings.register_profile("burnish", deadline=None)
settings.load_profile("burnish")


def pytest_ignore_collect(collection_path, config):
    """Leave out, unread, modules that are slow as a whole and those for the browser where neither is asked for."""
    asked = config.getoption("markexpr")
    if "not browser" in asked and collection_path.name == "browser":
        return True
    is_module = "not slow" in asked and collection_path.name.startswith("test_") and collection_path.suffix == ".py"
    return True if is_module and "\npytestmark = pytest.mark.slow\n" in collection_path.read_text("utf-8") else None
