"""What a demo shows besides the comparison: its measurements, and the planet."""

from __future__ import annotations

from collections.abc import Mapping

from loadtest.protocols.demo import Demo
from loadtest.results import Measurement
from model.answers.accounting import Window
from model.answers.predict import Prediction
from model.answers.summaries import cells_of, summary_of_prediction
from reports.builder import Section, table_of

ASSUMED = (
    "It assumes that a visit costs there what it cost here, that machines are not shared, and that"
    " links between them take no time. It leaves what was measured in:"
)


def measurement_section(demo: Demo) -> Section:
    """Return every measurement that was tried, and whether it counts."""
    rows = []
    for measurement in demo.measurements:
        requests = measurement.recording.requests
        counted = requests[requests.intended_s >= measurement.window.since_s]
        verdict = "valid" if measurement.validity.valid else "; ".join(measurement.validity.reasons)
        rows.append(
            {
                "offered": f"{measurement.scenario.requests_per_s:g}/s",
                "requests": len(counted),
                "failed": int((~counted.status.between(200, 299)).sum()),
                "cores used by the services": f"{_cores(_window(measurement)):.2f}",
                "counts": verdict,
            }
        )
    seeded = demo.seeded
    return Section(
        title="What was measured",
        paragraphs=(
            (
                f"{seeded.users:,} people, {seeded.follows:,} follows and {seeded.posts:,} posts"
                f" were seeded ({seeded.rows:,} rows in {seeded.seconds:.1f} s). Load is open:"
                " requests are sent when they are due, and latency runs from that instant. A"
                " measurement whose generator was late, or whose cores were used by others, does"
                " not count, and is repeated once."
            ),
        ),
        table=table_of(rows),
    )


def images_section(demo: Demo) -> Section:
    """Return what the images take up, the seeded ones and the uploads, and what is saved."""
    return Section(
        title="What the images take up",
        paragraphs=(
            (
                "Every image is stored upright and without metadata, and gets renditions in WebP"
                " and JPEG. The design document compresses to save storage: what that saves is the"
                " last line, if originals go once their renditions are there"
                ' (policy.originals = "drop"); a reader\'s bandwidth is saved either way, by what'
                " the renditions take in the originals' place. Shares are of these pictures,"
                " which were made for the occasion and are small."
            ),
        ),
        table=table_of([_readable(row) for row in demo.images]),
    )


def _readable(row: Mapping[str, object]) -> dict[str, object]:
    """Return a row with its share in per cent, and empty cells where there is nothing to say."""
    share = row["share"]
    said = f"{share:.0%} of {row['share_of']}" if isinstance(share, float) else ""
    mean = row["bytes_mean"]
    return {
        "what": row["what"],
        "number": row["number"],
        "bytes": row["bytes"],
        "mean bytes": round(mean) if isinstance(mean, float) else "",
        "share": said,
    }


def _window(measurement: Measurement) -> Window:
    """Return the part of a measurement that counts, valid or not."""
    return Window(
        recording=measurement.recording,
        since_s=measurement.window.since_s,
        until_s=measurement.window.until_s,
        idle_share=measurement.background_cpu,
    )


def _cores(window: Window) -> float:
    busy_s = sum(s for station, s in window.busy_s().items() if station != "generator")
    return busy_s / (window.until_s - window.since_s)


def planet_section(demo: Demo, planet: Prediction) -> Section:
    """Return the answer at full size, and in what it leaves what was measured."""
    scenario = planet.scenario
    busy = sorted(planet.busy().items(), key=lambda pair: -pair[1])[:4]
    busiest = ", ".join(f"{station} {share:.0%}" for station, share in busy)
    return Section(
        title=f"{scenario.people.users:,} users, simulated with what was learnt",
        paragraphs=(
            (
                f"{scenario.requests_per_s:,.0f} requests/s at the peak, of which 1/"
                f"{scenario.simulation.slice} of the shards was simulated at full width, with the"
                f" works learnt on this machine. Busiest stations, per member: {busiest}."
            ),
            ASSUMED,
        ),
        items=tuple(demo.extrapolated),
        table=table_of([cells_of(row) for row in summary_of_prediction(planet)]),
    )
