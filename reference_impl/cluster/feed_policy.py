"""The feed policy of a running cluster: read and set in its broker, where every service looks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from model.rules.policy import FeedPolicy, PolicyError, changed
from reference_impl.chassis.policies import KEY, default_policy
from reference_impl.chassis.settings import Settings
from reference_impl.cluster.errors import NotReady, Refused

# What the stores were laid out by, and what a process reads only when it starts.
FIXED = (
    "timelines_by", "follows_kept", "originals", "rate_limits", "timeline_cap", "page_limit",
)  # fmt: skip
ANSWER_S = 5.0


def policy_of(settings: Settings) -> FeedPolicy:
    """Return the policy that the services follow by now."""
    with _broker(settings) as broker:
        return _read(broker.get(KEY), settings)


def publish_policy(settings: Settings, policy: FeedPolicy) -> None:
    """Make this the policy of every service, within a second."""
    with _broker(settings) as broker:
        broker.set(KEY, policy.to_json())


def set_policy(settings: Settings, texts: Mapping[str, str]) -> FeedPolicy:
    """Change these fields of the policy, and return it; what others change meanwhile stays.

    Raises PolicyError for a field or value that no policy has, and Refused for what is fixed.
    """
    if fixed := [name for name in FIXED if name in texts]:
        raise Refused(
            f"{fixed[0]} is fixed while it runs: "
            f"feedtwin up --replace --set policy.{fixed[0]}={texts[fixed[0]]}"
        )

    def change(pipeline: redis.client.Pipeline) -> FeedPolicy:
        policy = changed(_read(pipeline.get(KEY), settings), texts)
        pipeline.multi()
        pipeline.set(KEY, policy.to_json())
        return policy

    with _broker(settings) as broker:
        return broker.transaction(change, KEY, value_from_callable=True)  # type: ignore[arg-type,return-value]  # redis-py does not say that it hands on what `change` returns


def _read(text: object, settings: Settings) -> FeedPolicy:
    if text is None:
        return default_policy(settings.policy)
    assert isinstance(text, bytes)  # the client decodes nothing
    try:
        return FeedPolicy.from_json(text)
    except (PolicyError, ValueError) as error:
        raise NotReady(f"the policy in the broker cannot be read: {error}") from None


@contextmanager
def _broker(settings: Settings) -> Iterator[redis.Redis]:
    try:
        with redis.Redis.from_url(
            settings.broker, socket_timeout=ANSWER_S, retry=Retry(NoBackoff(), 0)
        ) as broker:
            yield broker
    except redis.RedisError as error:
        raise NotReady(f"the broker does not do it: {error}") from None
