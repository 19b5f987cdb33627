"""The whole product on a small data centre: see tools/demo."""
