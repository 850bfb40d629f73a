"""What the pipeline counts about itself."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

from reference_impl.media.pipeline.manifests import Manifest

IMAGES = Counter("feedtwin_images", "Images by what became of them.", ("outcome",))
BYTES_IN = Counter("feedtwin_image_bytes_in", "Bytes of originals developed.")
BYTES_OUT = Counter("feedtwin_image_bytes_out", "Bytes of renditions stored.", ("type",))
BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
CPU_S = Histogram(
    "feedtwin_image_cpu_seconds", "CPU time of a darkroom on one image.", buckets=BUCKETS_S
)
WALL_S = Histogram(
    "feedtwin_image_seconds",
    "From an original read to its renditions stored.",
    buckets=BUCKETS_S,
)
SWEPT = Counter("feedtwin_uploads_swept", "Uploads deleted that no event has ever told of.")


def count_development(manifest: Manifest, *, cpu_ns: int | None, wall_s: float) -> None:
    """Count an image that was developed."""
    IMAGES.labels("ready").inc()
    BYTES_IN.inc(manifest.bytes_in)
    for made in manifest.renditions:
        BYTES_OUT.labels(made.type).inc(made.bytes)
    WALL_S.observe(wall_s)
    if cpu_ns is not None:
        CPU_S.observe(cpu_ns / 1e9)


def count_failure() -> None:
    """Count an image of which nothing can be made."""
    IMAGES.labels("failed").inc()
