"""What the server takes and gives, as pydantic models: the page's types are generated from them."""
