"""What the comparisons share: our models, a QEMU, and the seed of the random programs."""

import os
import random

import pytest

from tests.qtest import models, qtest

DEFAULT_SEED = 8259


@pytest.fixture(scope="session")
def library():
    return models.build()


@pytest.fixture
def board(library):
    return models.Board(library)


@pytest.fixture(scope="module")
def machine():
    """A QEMU of this test file's own, standing still."""
    with qtest.Machine("-serial", "null") as running:
        yield running


@pytest.fixture
def seed():
    """QTEST_SEED=n tries another one; pytest prints it where a test fails."""
    value = int(os.environ.get("QTEST_SEED", DEFAULT_SEED))
    print(f"QTEST_SEED={value}")
    return value


@pytest.fixture
def rng(seed):
    return random.Random(seed)
