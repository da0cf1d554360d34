"""The API's own description, as schemathesis reads it, asked case after case by all who may ask."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from tests.web.known import Known
from tests.web.site import HERE, OPERATOR, WATCHER, SiteOnStore

OPERATES, WATCHES, NOBODY, WRONG, BROWSER = "operator", "watcher", "nobody", "wrong", "browser"
WHO = (OPERATES, OPERATES, OPERATES, BROWSER, WATCHES, NOBODY, WRONG)
MAY = (OPERATES, BROWSER)
LEFT_OUT = (ignored_auth, positive_data_acceptance)
"""The one knows nothing of who asks (:class:`Asked` does); for the other all that fits a pattern is
there to be found."""
SESSION = "/api/v1/session"
KNOWN_OF_TEN = 8
"""How many of ten names in a case are replaced by those of something that is there."""


@dataclass
class Asked:
    """What was asked and answered: cases by operation and status."""

    site: SiteOnStore
    known: Known
    never: tuple[str, ...]
    """Texts that no error may have."""
    description: Mapping[str, Any] | None = None
    """Taken for the application's own."""
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        schemathesis.openapi.media_type("application/dicom", plan_files(self.known.plan))
        self.schema = schemathesis.openapi.from_dict(self.description or self.site.app.openapi())
        self.schema.config.update(base_url=HERE)
        self._people: dict[str, Mapping[str, str]] = {
            OPERATES: {"Authorization": f"Bearer {OPERATOR}"},
            WATCHES: {"Authorization": f"Bearer {WATCHER}"},
            WRONG: {"Authorization": "Bearer nobody-has-this"},
            NOBODY: {},
        }
        self._keys = iter(range(10**9))

    @property
    def cases(self) -> int:
        return self.answers.total()

    def ask(self, examples: int, *, fresh: bool = False) -> None:
        """At most so many examples of each operation, fitting ones and others each.

        Raises schemathesis' FailureGroup for an answer that is not as it is described.
        """
        with asyncio.Runner() as self._runner:
            for operation in self.operations():
                for mode in GenerationMode:
                    self._ask(operation, mode, examples, fresh=fresh)

    def operations(self) -> Iterator[Any]:
        for found in self.schema.get_all_operations():
            yield found.ok()

    def _ask(self, operation: Any, mode: GenerationMode, examples: int, *, fresh: bool) -> None:
        @settings(
            max_examples=examples,
            derandomize=not fresh,
            database=None,
            deadline=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy(mode), st.sampled_from(WHO), st.integers(0, 2**32))
        def one(case: Any, who: str, chance: int) -> None:
            self._one(case, who, Random(chance))

        try:
            one()
        except Unsatisfiable:  # nothing can be wrong with an operation that takes nothing
            assert mode is GenerationMode.NEGATIVE

    def _one(self, case: Any, who: str, chance: Random) -> None:
        if case.meta.generation.mode.is_positive:
            self._make_known(case, chance)
        answer = self._send(case, who)
        self.answers[case.operation.label, answer.status_code] += 1
        case.validate_response(answer, excluded_checks=list(LEFT_OUT))
        assert answer.status_code < 500
        self._require_right(case, who, answer)
        if answer.status_code >= 400:
            assert not [text for text in self.never if text in answer.text]

    def _make_known(self, case: Any, chance: Random) -> None:
        """Put names of what is there where a case names something."""

        def replaced(names: Any) -> None:
            for name in names:
                found = self.known.value(name, case.path_parameters, chance)
                if found is not None and chance.randrange(10) < KNOWN_OF_TEN:
                    names[name] = found

        replaced(case.path_parameters)
        replaced(case.query)
        if isinstance(case.body, dict):
            replaced(case.body)
        if "Idempotency-Key" in case.headers and chance.randrange(10) < KNOWN_OF_TEN:
            case.headers["Idempotency-Key"] = f"key-{next(self._keys)}"

    def _send(self, case: Any, who: str) -> httpx.Response:
        return self._runner.run(self._sent(case, who))

    async def _sent(self, case: Any, who: str) -> httpx.Response:
        wanted = case.as_transport_kwargs(base_url=HERE)
        request = requests.Request(**wanted).prepare()
        headers = {name: value for name, value in request.headers.items() if _goes_on(name)}
        async with self.site.client() as client:
            client.headers.clear()
            if who == BROWSER:
                begun = await client.post(SESSION, json={"token": OPERATOR})
                headers["X-CSRF-Token"] = begun.json()["csrf"]
            else:
                headers |= self._people[who]
            return await client.request(
                str(request.method),
                str(request.url),
                headers=[(n.encode("latin-1"), _bytes(v)) for n, v in headers.items()],
                content=request.body,
            )

    def _require_right(self, case: Any, who: str, answer: httpx.Response) -> None:
        """Whoever may not command is told so, whatever else is wrong with the request."""
        if case.method == "GET" or case.path == SESSION or who in MAY:
            return
        assert answer.status_code in (401, 403)


def plan_files(plan: bytes) -> st.SearchStrategy[bytes]:
    """The plan, its beginning, the plan with a byte changed, and what is none."""
    places = st.integers(0, len(plan) - 1)
    changed = st.builds(
        lambda at, value: plan[:at] + bytes((value,)) + plan[at + 1 :], places, st.integers(0, 255)
    )
    return st.one_of(
        st.just(plan), st.builds(lambda at: plan[:at], places), changed, st.binary(max_size=300)
    )


def _goes_on(name: str) -> bool:
    return name.lower() not in ("authorization", "cookie", "host", "accept-encoding")


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("latin-1")
