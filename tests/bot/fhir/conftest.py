from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import fhir_support
import pytest
from fhir_support import Fhir

from bot.api.service import Service


@pytest.fixture(scope="session")
def service(loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service over a home with all code systems."""
    home = fhir_support.all_systems(loaded, tmp_path_factory.mktemp("fhir") / "home")
    with fhir_support.opened(home) as service:
        yield service


@pytest.fixture(scope="session")
def fhir(service: Service) -> Iterator[Fhir]:
    with fhir_support.client_of(service, "ehr") as client:
        yield client


@pytest.fixture
def vendor(service: Service) -> Iterator[Fhir]:
    """A client of this test alone, of which the log has nothing yet."""
    with fhir_support.client_of(service, f"vendor-{uuid.uuid4().hex[:8]}") as client:
        yield client
