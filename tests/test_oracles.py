import pytest

from tests.oracles import ask


@pytest.mark.peer
def test_the_oracles_are_the_versions_that_the_figures_were_taken_with():
    versions = ask("versions")
    assert versions["pylinac"] == "3.49.0"
    assert versions["pymedphys"] == "0.41.0"
