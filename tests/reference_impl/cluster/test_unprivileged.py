from __future__ import annotations

import os
import subprocess
import sys

import pytest

from reference_impl.cluster.unprivileged import NOBODY, How, command_as, how_here, reaches

WHO = [sys.executable, "-S", "-c", "import os; print(os.geteuid(), os.getegid())"]
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has anything to give up")


@pytest.fixture
def closed(tmp_path):
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o700)
    return folder


def test_whatever_works_here_is_not_root():
    told = subprocess.check_output(command_as(how_here(), WHO), text=True)
    assert told.split()[0] != "0"


def test_who_is_not_root_changes_nothing():
    assert command_as(How.AS_IS, WHO) == WHO


@only_root
def test_in_a_namespace_files_stay_within_reach(closed):
    if how_here() is not How.NAMESPACE:
        pytest.skip("this machine allows no user namespaces")
    told = subprocess.check_output(command_as(How.NAMESPACE, WHO), text=True)
    assert told == f"{NOBODY} {NOBODY}\n"
    assert reaches(How.NAMESPACE, closed)


@only_root
def test_nobody_cannot_enter_what_is_closed(closed):
    assert reaches(How.NOBODY)
    assert not reaches(How.NOBODY, closed)
