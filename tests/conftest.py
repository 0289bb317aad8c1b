"""Hypothesis runs the same examples every time: a push must not fail by luck."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "push",
    max_examples=200,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("push")
