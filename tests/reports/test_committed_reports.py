"""Each question that comes with feedtwin has its report, made from the file as it is."""

from pathlib import Path

import pytest

from reports.scenario_report import fingerprint_of

ROOT = Path(__file__).parents[2]
RUN_FOR_REAL = ("laptop", "neighbourhood")  # their answers are the demo's, and one's own
SCENARIOS = [
    file for file in sorted((ROOT / "scenarios").glob("*.toml")) if file.stem not in RUN_FOR_REAL
]


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.stem)
def test_the_report_is_of_this_very_scenario(file):
    report = ROOT / "reports" / f"{file.stem}.md"
    assert report.read_text(encoding="utf-8").endswith(f"`{file.name}`, {fingerprint_of(file)}\n")
