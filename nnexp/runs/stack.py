"""A stack of runs, from prepared tables to finished run folders.

tensors -> stack of K members -> trainer -> each member's scores -> each member's files

A single run is a stack of one. What its folder holds does not depend on its neighbours.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import torch
from safetensors.numpy import save as safetensors_bytes
from torch import Tensor

from nnexp import garbage
from nnexp.data import Dataset
from nnexp.files import write_bytes
from nnexp.model.mlp import MLP
from nnexp.model.products import doubles_a_thread, openblas
from nnexp.model.weights import FILE as WEIGHTS_FILE
from nnexp.model.weights import weights_to_arrays
from nnexp.runs import assemble
from nnexp.runs.recording import Recording
from nnexp.runs.scoring import ScoredPart, score_part
from nnexp.runs.task import Run, Task
from nnexp.track.folder import METRICS_FILE, write_json
from nnexp.track.manifest import describe, write_manifest
from nnexp.track.status import write_status
from nnexp.train.machine import pick_device, pick_threads
from nnexp.train.machine import threads as with_threads
from nnexp.train.outcome import Callbacks, Epoch, Outcome, Saver
from nnexp.train.parked import Parked
from nnexp.train.plan import Data, Part, Problem
from nnexp.train.signals import Signals
from nnexp.train.trainer import fit, unbegun


class RunStack:
    """K runs that are trained as one; made ready, but not begun.

    Arguments:
        tasks: the runs; their configurations may differ in what members have for themselves
            (`assemble.member`), in the number of epochs, and in the table.
        datasets: for each run its table. Their shapes agree, and so do their classes, the number
            of train rows, and whether there are validation rows.

    Attributes:
        problem: the tables' rows, and what is learnt of them.
        device: where it computes.
        flops: floating-point operations of one member's step.
        parameters: how many a member has.
        steps: of an epoch.

    Raises:
        UserError: the table and the configuration do not fit each other.
    """

    def __init__(self, tasks: Sequence[Task], datasets: Sequence[Dataset]) -> None:
        config, first = tasks[0].config, datasets[0]
        self.tasks, self.datasets = list(tasks), list(datasets)
        # What a power cut leaves of a sweep is told by the manifests' hashes, and made again. To
        # wait for the disk for each of hundreds of runs would take as long as to train them.
        self.sync = len(tasks) == 1
        self.device = pick_device(config.device)
        plan = assemble.plan(config, len(first.valid) > 0)
        coded = assemble.coding(config, first.classes)
        counts = np.bincount(first.y[first.train], minlength=len(first.classes))
        weights = assemble.class_weights(config, counts)
        self.model = assemble.model(config, first.x.shape[1], first.levels, coded.outputs)
        like = torch.zeros((), dtype=plan.dtype, device=self.device)

        tables = list({id(dataset): dataset for dataset in datasets}.values())
        starts = np.cumsum([0, *(len(table.x) for table in tables)])
        self._start = {id(t): int(s) for t, s in zip(tables, starts[:-1], strict=True)}
        compute = plan.compute or plan.dtype
        codes = None if first.codes is None else _joined([table.codes for table in tables])
        targets = assemble.targets(
            coded, np.concatenate([table.y for table in tables]), weights, plan.dtype
        )
        data = Data(
            x=_joined([table.x for table in tables]).to(self.device, compute),
            codes=None if codes is None else codes.to(self.device),
            targets=targets.to(self.device),
            parts=tuple(
                Part(self._rows(table, table.train), self._rows(table, table.valid))
                for table in tables
            ),
        )
        loss = assemble.loss(config, coded, weights, like)
        self.problem = Problem(data, loss, assemble.decision(config, coded), plan)
        part = {id(table): place for place, table in enumerate(tables)}
        hidden = len(self.model.dropout_widths) - 1
        self.members = [
            replace(
                assemble.member(task.config, hidden),
                epochs=task.config.trainer.epochs,
                part=part[id(dataset)],
            )
            for task, dataset in zip(tasks, datasets, strict=True)
        ]
        self.flops = 6.0 * min(plan.batch_size, len(first.train)) * self.model.layout.weights
        self.parameters = self.model.layout.used
        self.steps = -(-len(first.train) // plan.batch_size)

    def train(
        self,
        threads: int,
        *,
        observe: Callable[[Epoch], None] = lambda epoch: None,
        stop: Callable[[], bool] = lambda: False,
        ended: Callable[[int, Run], None] = lambda place, run: None,
        origin: Mapping[str, Any] | None = None,
        start: Sequence[Parked] = (),
        until: int | None = None,
        saver: Saver | None = None,
        files: bool = True,
    ) -> list[Run | Parked]:
        """Train the runs, and finish each one's folder as soon as it leaves the stack.

        Arguments:
            threads: CPU threads to compute with.
            observe: called after every epoch.
            stop: asked before every step; True ends the runs as `interrupted`.
            ended: called with a run's place and the run, when its folder is finished.
            origin: what `track.origin.origin` gathered; None to gather it.
            start, until: as for `fit`.
            saver: as for `Callbacks`.
            files: whether they write any; without, `ended` is told their metrics, of validation
                rows alone.

        Returns:
            For each task its run, or what it goes on from where `until` was reached.
        """
        garbage.collect_again()
        begun = datetime.now(UTC)
        results: list[Run | Parked | None] = [None] * len(self.tasks)
        for task, dataset in zip(self.tasks, self.datasets, strict=True):
            task.log(
                "%d train, %d validation, %d test rows; %d parameters; %s, %d threads",
                len(dataset.train), len(dataset.valid), len(dataset.test), self.parameters,
                self.device, threads,
            )  # fmt: skip
        recordings = self._recordings(start) if files else []

        def show(epoch: Epoch) -> None:
            for place, member in enumerate(epoch.members if files else ()):
                recordings[member].epoch(epoch, place)
            observe(epoch)

        def watched(members: Sequence[int], seen: Signals) -> None:
            for place, member in enumerate(members):
                recordings[member].watched(seen, place)

        def note(line: str) -> None:
            for task in self.tasks:
                task.log("%s", line)

        def finish(place: int, outcome: Outcome) -> None:
            if outcome.parked is not None:
                results[place] = outcome.parked
                return
            if files:
                facts = self._facts(place, threads, begun, origin)
                run = self._finish(place, outcome, recordings[place], facts)
            else:
                run = self._run(place, outcome, _metrics(outcome, self._scored(place, outcome)))
            results[place] = run
            ended(place, run)

        with with_threads(threads):
            try:
                fit(
                    self.model,
                    self.problem,
                    self.members,
                    Callbacks(
                        observe=show,
                        watched=watched if files and self.tasks[0].config.trainer.watch else None,
                        leave=finish,
                        note=note,
                        stop=stop,
                        saver=saver,
                    ),
                    start=start,
                    until=until,
                )
            finally:
                for recording in recordings:
                    recording.close()
        return [result for result in results if result is not None]

    def end(
        self,
        start: Sequence[Parked],
        reasons: Sequence[str],
        ended: Callable[[int, Run], None],
        origin: Mapping[str, Any] | None = None,
    ) -> None:
        """Finish the folders of parked members that are not trained on.

        Arguments:
            start: where they are parked.
            reasons: why they end, one line each.
            ended, origin: as for `train`.
        """
        begun = datetime.now(UTC)
        for place, (parked, recording) in enumerate(
            zip(start, self._recordings(start), strict=True)
        ):
            outcome = Outcome(
                "done",
                reasons[place],
                int(parked.selection["best_epoch"]),
                parked.epoch,
                parked.kept["theta"],
                parked.kept["buffers"],
            )
            facts = self._facts(place, 1, begun, origin)
            with with_threads(1):
                ended(place, self._finish(place, outcome, recording, facts))
            recording.close()

    def unbegun(self) -> list[Parked]:
        """What the runs go on from before their first epoch."""
        return unbegun(self.model, self.problem, self.members)

    def _recordings(self, start: Sequence[Parked]) -> list[Recording]:
        resumed = start[0].epoch if start else None
        return [
            Recording(
                task.config, task.folder, task.overrides, task.columns, self.model.layers, resumed
            )
            for task in self.tasks
        ]

    def _facts(
        self, place: int, threads: int, begun: datetime, origin: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """What the manifest says of a member besides its files."""
        seeds, own = vars(self.members[place].seeds), self.tasks[place].config.seeds
        return describe(
            **self.means(threads),
            data=self.datasets[place].summary,
            seeds={**dict(zip(("split", "valid"), own.of_split, strict=True)), **seeds},
            started=begun,
            duration=(datetime.now(UTC) - begun).total_seconds(),
            command=self.tasks[place].command,
            origin=origin,
        )

    def threads(self, setting: str | int) -> int:
        """How many CPU threads to train with; `setting` as for `pick_threads`."""
        return pick_threads(setting, self.flops, quick=self._has_openblas(1) and doubles_a_thread())

    def means(self, threads: int) -> dict[str, Any]:
        """What it computes on, and with, by the manifest's names."""
        return {
            "device": torch.cuda.get_device_name() if self.device.type == "cuda" else "cpu",
            "threads": threads,
            "products": "openblas" if self._has_openblas(threads) else "torch",
        }

    def _has_openblas(self, threads: int) -> bool:
        """Whether OpenBLAS multiplies, which rounds otherwise than PyTorch's own library."""
        compute = self.problem.plan.compute or self.problem.plan.dtype
        single = compute == torch.float32 and threads == 1 and isinstance(self.model, MLP)
        return single and self.device.type == "cpu" and openblas() is not None

    def _finish(
        self, place: int, outcome: Outcome, recording: Recording, facts: dict[str, Any]
    ) -> Run:
        """Score a member's kept weights and write its files; the manifest lists the others."""
        task, dataset = self.tasks[place], self.datasets[place]
        folder = task.folder
        # at once: whatever happens while scoring, the weights are there
        dataset.preprocessor.save(folder)
        weights = _weights(self.model, outcome, dataset.classes, dataset.x.shape[1])
        write_bytes(folder / WEIGHTS_FILE, weights, sync=self.sync)
        parts = self._scored(place, outcome, test=True)
        metrics = _metrics(outcome, parts)
        recording.scores(outcome, dataset.classes, parts, metrics)
        write_json(folder / METRICS_FILE, metrics, sync=False)
        write_manifest(folder, facts, sync=self.sync)
        run = self._run(place, outcome, metrics)
        task.log("%s after %d epochs; best epoch %d%s",
            run.status, run.epochs, outcome.best_epoch, f"; {run.reason}" if run.reason else "",
        )  # fmt: skip
        write_status(folder, run.status, run.reason, sync=self.sync)
        return run

    def _run(self, place: int, outcome: Outcome, metrics: dict[str, Any]) -> Run:
        reason = outcome.reason
        if outcome.status == "interrupted":
            reason = f"stopped after {outcome.epochs} epochs"
        return Run(outcome.status, reason, self.tasks[place].folder, metrics, outcome.epochs)

    def _scored(
        self, place: int, outcome: Outcome, *, test: bool = False
    ) -> dict[str, ScoredPart | None]:
        """What a member's kept weights do on validation rows and, where asked, on test rows."""
        plan, dataset = self.problem.plan, self.datasets[place]
        bound = self.model.bind(
            outcome.theta.unsqueeze(0).to(self.device),
            outcome.buffers.unsqueeze(0).to(self.device),
            dtype=plan.compute or plan.dtype,
        )
        parts = {"val": self.problem.data.parts[self.members[place].part].valid}
        if test:
            parts["test"] = self._rows(dataset, dataset.test)
        return {name: score_part(bound, self.problem, rows) for name, rows in parts.items()}

    def _rows(self, table: Dataset, rows: np.ndarray) -> Tensor:
        """Row numbers of one table as those of all tables together."""
        return torch.from_numpy(rows + self._start[id(table)]).to(self.device)


def _joined(arrays: Sequence[Any]) -> Tensor:
    return torch.from_numpy(arrays[0] if len(arrays) == 1 else np.concatenate(arrays))


def _metrics(outcome: Outcome, parts: Mapping[str, ScoredPart | None]) -> dict[str, Any]:
    scores = {name: None if part is None else part.scores for name, part in parts.items()}
    return {"best_epoch": outcome.best_epoch, **scores}


def _weights(model: assemble.Model, outcome: Outcome, classes: Sequence[Any], inputs: int) -> bytes:
    """model.safetensors of a member."""
    arrays = weights_to_arrays(model, outcome.theta, outcome.buffers)
    about = json.dumps({"format": 1, "inputs": inputs, "classes": list(classes)})
    # one key: the order of several is not settled, and the file would differ from run to run
    return safetensors_bytes(arrays, {"nnexp": about})
