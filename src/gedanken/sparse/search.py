"""The search: which structures are proposed and fitted, in which order.

Simple atoms come first, then the whole library, then periodic forces of the time; each stage only where the last left
something unexplained. In every stage the weak form proposes whole laws, and from the best of those fitted the
quasilinear regression proposes changes, until none improves the criterion.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise, product

import numpy as np

from gedanken.sparse.combinations import combine
from gedanken.sparse.composite import compose, in_time
from gedanken.sparse.criterion import Criterion
from gedanken.sparse.fitting import PIECES, Fitter
from gedanken.sparse.given import Given
from gedanken.sparse.inputs import with_inputs
from gedanken.sparse.ladder import is_noise
from gedanken.sparse.library import Atom, build, drive
from gedanken.sparse.proposed import Proposals
from gedanken.sparse.quasilinear import FEW_EQUATIONS, Quasilinear
from gedanken.sparse.start import use_start
from gedanken.sparse.structure import Model, key_of, size_of, write
from gedanken.sparse.weak import Proposal, WeakForm
from gedanken.worlds.ode.inputs import TRIAL
from gedanken.worlds.ode.knowledge import Knowledge
from gedanken.worlds.ode.law.law import Law
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

# Samples below which no periodic force is tried. On a short record, one of the many frequencies and phases always fits
# the residual: 21 years of hare and lynx were given a sine term that means nothing.
DRIVEN = 60
# Parameters in an equation, up to which a law that leaves nothing unexplained is believed: else composed terms are
# tried, and then terms of the time. The first number is for a single equation, the second for each of several.
_SIMPLE, _SIMPLE_EACH, _LONG = 3, 2, 6
# Share of the smoothed record's variance, from which a law explains it if what it leaves is independent noise.
_EXPLAINED = 0.999
# Share of the variance that the best law without the time explains, below which forces that depend on it are tried.
_LAST_RESORT = 0.98
# Factors of the values that constants inside known terms begin with, and constants up to which all are combined.
_SIZES, _TRIED_EACH = (1.0, 0.1, 10.0), 3
# Variables from which motion can be chaotic (theorem of Poincaré and Bendixson). With fewer, a law that nothing follows
# is not one of short pieces either.
_CHAOTIC = 3
_ROUNDS = 12  # rounds of improvement in one library
_FITS = 14  # fits in a round
# Where there are many equations, each fit is dear, and the proposals of the weak form are good one by one.
_ROUNDS_OF_MANY = 3
_LARGEST_DESIGN = 2e7  # numbers in the regression on the linearised simulation: samples x columns x terms


class Search:
    """One search over one set of records.

    The work is bounded by numbers of fits, so the result is a function of the arguments, unless `stop` ends it early.

    Attributes:
        criterion: the record, and the criterion of laws on it.
        fitter: the laws fitted so far, and the best one.
        atoms: the library of textbook terms, stages 0 and 1.
        composed: terms put together by operations, stage 2.
        stated: columns whose start was taken from the hint.
        proposals: laws that somebody else proposes.
        gave_up: no law could be followed through the record, and pieces of it were not asked for.
    """

    def __init__(
        self,
        states: StateSpace,
        trajectories: Sequence[Trajectory],
        hint: str = "",
        progress: Callable[[str], None] | None = None,
        stop: Callable[[], bool] = lambda: False,
        clock: bool | None = True,
        knowledge: Knowledge = Knowledge(),
        improved: Callable[[str, dict[str, float], float], None] | None = None,
        proposals: Sequence[Law] = (),
        whole: bool = False,
    ):
        """Args: as of `identify.discover`; stop says when to end early."""
        self.whole, self.gave_up = whole, False
        self.proposals = Proposals(proposals)
        self.improved, self._told = improved, ""
        self.given = Given.of(knowledge, states)
        self.criterion = Criterion(states, trajectories, self.given)
        self.stated = use_start(self.criterion, hint)
        self.fitter = Fitter(self.criterion)
        self.states, self.hint, self.progress, self.stop, self.clock = states, hint, progress, stop, clock
        steps = np.max([np.abs(np.diff(s.values, axis=0)).max(0) for s in self.criterion.smoothed], axis=0)
        library = build(states, self.criterion.values, steps, hint)
        library = with_inputs(states, library, [trajectory.drive for trajectory in trajectories])
        self.atoms = self.given.restrict(library)
        self.composed = self.given.restrict(compose(states, self.criterion.values, steps, self.atoms))
        self._expanded: set[tuple[object, ...]] = set()  # models and libraries whose neighbours have been tried

    def run(self) -> None:
        """Search the whole record; if no law follows it, search on short pieces."""
        fitter = self.fitter
        self._fit_known()
        self._say("the simple terms")
        simple = self._regression([atom for atom in self.atoms if atom.stage == 0])
        self._try_all(simple)
        rich = self._regression([atom for atom in self.atoms if atom.stage <= 1])
        many = len(self.criterion.targets) > FEW_EQUATIONS
        if not self._done() or (not many and fitter.best is not None and size_of(fitter.best.structure) > 1):
            self._say("all terms")
            self._try_all(rich)
        if self.composed and not self._explains_within(_SIMPLE if len(self.criterion.targets) == 1 else _SIMPLE_EACH):
            self._say("composed terms")
            rich = self._regression([*self.atoms, *self.composed])
            self._try_all(rich)
        shortest = min(len(trajectory.t) for trajectory in self.criterion.trajectories)
        # Sines of the time can follow anything, so unless laws may name it they come after all else has failed.
        if (
            fitter.best is not None
            and not many
            and not self._explains_within(_LONG)
            and shortest >= DRIVEN
            and (self.clock or (self.clock is False and self.criterion.explained(fitter.best) < _LAST_RESORT))
        ):
            self._try_periodic_forces(rich, fitter.best)
        long = shortest >= 4 * PIECES and self._dimensions() >= _CHAOTIC
        if fitter.best is None or (long and self.criterion.lost(fitter.best)):
            self.gave_up = self.whole
            if not self.whole or fitter.best is None:
                self._search_pieces(simple, rich)
        if self.proposals.laws:
            self._try_proposals()

    def fit_linear(self) -> list[Model]:
        """Laws in which each coordinate is linear in itself and its velocity, however badly they do.

        They are what a reader compares any other law with, so a ladder shows them. Those that were fitted before are
        not among them.
        """
        found = []
        library = self._regression([atom for atom in self.atoms if atom.stage == 0])
        for names in ((0,), (0, 1), (0, 1, "1")):
            sides = []
            for e, own in enumerate(self.criterion.coordinates):
                wanted = {own[k] if isinstance(k, int) else k for k in names if not isinstance(k, int) or k < len(own)}
                sides.append(library.coefficients(e, [atom for atom in library.atoms if atom.name in wanted]))
            structure = [side.atoms for side in sides if side is not None and side.atoms]
            if len(structure) == len(sides) and not self.fitter.tried(structure) and not self.stop():
                model = self.fitter.fit(structure, [list(side.coefficients) for side in sides if side], patient=True)
                found += [model] if model is not None else []
        return found

    def _dimensions(self) -> int:
        """Number of variables that a law may name, the time among them."""
        driven = any(each.between != TRIAL for each in self.states.inputs)
        return self.states.size + bool(driven or self.clock)

    def _try_proposals(self) -> None:
        """Fit laws that somebody else proposes, then look for better ones with their terms in the library.

        All that was fitted before stays, so that the best law can only become better.
        """
        self._say("laws that were proposed")
        proposals = self.proposals
        for sides in proposals.read([*self.atoms, *self.composed]):
            completed = None if self.stop() else self.given.complete(*sides)
            if completed is not None and self.fitter.fit(*completed, patient=True, again=True) is not None:
                proposals.keys.add(key_of(completed[0]))
        if proposals.keys:
            self._improve(self._regression([*self.atoms, *proposals.foreign.values()]))

    def _fit_known(self) -> None:
        """Fit the known terms alone where they have constants inside, so that the search begins from good ones.

        Nobody knows the size of these, and a fit from far off ends anywhere: several are tried for each.
        """
        required = self.given.required
        constants = sum(len(atom.inner) for terms in required for atom in terms)
        if not constants:
            return
        self._say("the known terms")
        together = [(size,) * constants for size in _SIZES]
        model = None
        for sizes in product(_SIZES, repeat=constants) if constants <= _TRIED_EACH else together:
            if self.stop() and model is not None:
                break
            scaled = iter(sizes)
            begun = [
                [replace(atom, inner=tuple(value * next(scaled) for value in atom.inner)) for atom in terms]
                for terms in required
            ]
            model = self.fitter.fit(begun, [[1.0] * len(terms) for terms in begun], again=True)
        if model is not None:
            self.given = self.criterion.given = self.given.started(model.structure)

    def outliers(self) -> list[np.ndarray]:
        """Samples far off the best law, one mask (m, n) a trajectory.

        In a column where three neighbours or more than a tenth of the samples are far off, the law is taken to be wrong
        and none is an outlier.
        """
        record, counts = self.criterion.record, self.criterion.counts
        outlying = np.zeros(record.y.shape, bool)
        if self.fitter.best is not None and self.fitter.segments == 1:
            z = np.abs(self.fitter.best.refined.predicted - record.y) * record.weights
            for i in np.flatnonzero(counts > 20):
                used = record.weights[:, i] > 0
                outlying[used, i] = z[used, i] > 5.0 * max(1.4826 * float(np.median(z[used, i])), 0.5)
                three_in_a_row = outlying[1:-1, i] & outlying[:-2, i] & outlying[2:, i]
                if three_in_a_row.any() or outlying[:, i].sum() > 0.1 * used.sum():
                    outlying[:, i] = False
        return [outlying[a:b] for a, b in pairwise(record.bounds)]

    def _regression(self, atoms: Sequence[Atom]) -> WeakForm:
        atoms = self.given.restrict(atoms) if self.given.facts is not None else atoms
        return WeakForm(self.states, self.criterion.smoothed, atoms, self.criterion.targets, self.given)

    def _done(self) -> bool:
        return self.fitter.best is not None and self.criterion.adequate(self.fitter.best)

    def _explains_within(self, parameters: int) -> bool:
        """Whether the best law leaves nothing to explain with at most so many parameters in an equation."""
        best = self.fitter.best
        if best is None or size_of(best.structure) > parameters * len(self.criterion.targets):
            return False
        # Where a column is mostly noise, the smoother follows it closer than any law; there the residuals are asked.
        return self._done() or (
            self.criterion.explained(best) > _EXPLAINED and is_noise(self.criterion, best.refined.predicted)
        )

    def _say(self, what: str) -> None:
        self._show_best()
        if self.progress is not None:
            best = self.fitter.best
            law = "" if best is None else "; so far " + write(best.structure, self.states, self.fitter.prefix)[0]
            self.progress(f"{self.fitter.fits} laws fitted, trying {what}{law}")

    def _show_best(self) -> None:
        """Tell the best law so far with its constants and its criterion, where it is another one than last time."""
        best = self.fitter.best
        if self.improved is None or best is None:
            return
        equation, names = write(best.structure, self.states, self.fitter.prefix)
        if equation != self._told:
            self._told = equation
            self.improved(equation, dict(zip(names, best.refined.params.tolist(), strict=True)), best.criterion)

    def _try_all(self, library: WeakForm) -> None:
        """Fit the laws that the weak form proposes, then improve the best."""
        for sides in combine(library, self.states, self.criterion.coordinates):
            if self.fitter.best is not None and self.stop():
                break
            self._fit(sides)
        self._improve(library)

    def _fit(self, sides: Sequence[Proposal]) -> None:
        self.fitter.fit([side.atoms for side in sides], [list(side.coefficients) for side in sides])

    def _improve(self, library: WeakForm) -> None:
        """Fit the most promising neighbours of the best laws, until none is left or the rounds are used up."""
        fitter = self.fitter
        many = len(self.criterion.targets) > FEW_EQUATIONS
        if many and fitter.best is not None:
            library = self._regression(self._likely_atoms(library))
        for _ in range(_ROUNDS_OF_MANY if many else _ROUNDS):
            if fitter.best is None or self.stop() or (many and self._done()):
                return
            center = self._next_center(len(library.atoms))
            if center is None:
                return
            tried = 0
            try:
                neighbours = Quasilinear(self.criterion, center, library).neighbours()
            except np.linalg.LinAlgError:  # a simulation that is linearised where it breaks down tells nothing
                continue
            for structure, coefficients, expected in neighbours:
                if tried >= _FITS or self.stop():
                    break
                if fitter.tried(structure):
                    continue
                if expected > fitter.best.criterion + 25 and tried >= 4:
                    break
                tried += 1
                fitter.fit(structure, coefficients, near=center, hope=expected)

    def _likely_atoms(self, library: WeakForm) -> list[Atom]:
        """The atoms that the best proposals for the equations use, as many as the memory of a regression allows."""
        record, equations = self.criterion.record, len(library.pools)
        most = max(int(_LARGEST_DESIGN / (record.y.size * equations)), 2 * equations)
        chosen: dict[Atom, None] = {}
        for rank in range(max(len(pool) for pool in library.pools)):
            for pool in library.pools:
                if rank < len(pool):
                    chosen.update(dict.fromkeys(pool[rank].atoms))
            if len(chosen) >= most:
                break
        return list(chosen)[:most]

    def _next_center(self, size: int) -> Model | None:
        """The best of the three best models whose neighbours in a library of this size have not been tried."""
        fitter = self.fitter
        assert fitter.best is not None
        models = [m for (segments, _), m in fitter.models.items() if m is not None and segments == fitter.segments]
        for model in sorted(models, key=lambda m: m.criterion)[:3]:
            mark = (model.segments, model.key, size)
            if model.criterion < fitter.best.criterion + 10 and mark not in self._expanded:
                self._expanded.add(mark)
                return model
        return None

    def _try_periodic_forces(self, library: WeakForm, best: Model) -> None:
        """Add periodic forces of the time, at the frequencies that explain most of what is left."""
        self._say("periodic forces")
        columns, equations = self.states.columns, range(len(self.criterion.targets))
        linear = [atom for atom in library.atoms if atom.name in ("1", *columns, *self.states.input_names)]
        forces: dict[Atom, None] = {}  # in order, without duplicates
        for e in equations:
            for factor in (None, *range(self.states.size)):
                for base in (best.structure[e], linear):
                    for frequency, phase in library.frequencies(e, base, factor, 3 if factor is None else 1):
                        name = "" if factor is None else columns[factor]
                        forces.update(dict.fromkeys(drive(name, frequency, phase, self.hint)))
        times = self.criterion.record.t
        fading = in_time(self.states, float(np.ptp(times)), float(times.min()), self.atoms) if self.composed else []
        others = [*self.atoms, *self.composed] if self.composed else [a for a in self.atoms if a.stage == 0]
        driven = self._regression([*others, *forces, *fading])
        # A linear system under each force; the improvement drops the terms that are not needed.
        for e in equations:
            for force in forces:
                side = driven.coefficients(e, [*linear, force])
                if side is not None and not self.stop():
                    self._fit([side if k == e else pool[0] for k, pool in enumerate(driven.pools)])
        self._try_all(driven)

    def _search_pieces(self, simple: WeakForm, rich: WeakForm) -> None:
        """Search on short pieces, each with its own start, then lengthen the pieces as far as the best law goes."""
        fitter = self.fitter
        self._say("short pieces of a sensitive record")
        whole = fitter.best
        fitter.restart(PIECES)
        self._try_all(simple)
        if fitter.best is None or self.criterion.lost(fitter.best):
            self._try_all(rich)
        model = fitter.best
        if model is None:
            fitter.segments, fitter.best = 1, whole
            return
        model = fitter.grow(model.program, model.refined.params, model.structure, model) or model
        fitter.segments, fitter.best = model.segments, model
        if model.segments < PIECES:
            fitter.sensitive = True
            fitter.models[model.segments, model.key] = model
            self._improve(rich)
        # One that follows some column all the way is no law of a chaotic record: another column has noise that the
        # smoother took for motion (a sensor that rings).
        if whole is not None and fitter.segments > 1 and self.criterion.follows(whole):
            fitter.segments, fitter.best = 1, whole
