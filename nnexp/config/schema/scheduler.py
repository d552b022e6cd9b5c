"""The options of `scheduler=`."""

from __future__ import annotations

from dataclasses import dataclass

from nnexp.config.schema.option import option


@dataclass
class SchedulerConfig:
    name: str = option("constant", "how the learning rate moves over the run")
    warmup: float = option(0.0, "epochs of linear warm-up before it", ge=0)
    warmup_start: float = option(
        0.01, "share of the learning rate that the warm-up starts from", ge=0, le=1
    )


@dataclass
class ConstantSchedulerConfig(SchedulerConfig):
    name: str = option("constant", "the same rate throughout")


@dataclass
class StepSchedulerConfig(SchedulerConfig):
    name: str = option("step", "times gamma every step_size epochs")
    step_size: int = option(10, "epochs between two drops", ge=1)
    gamma: float = option(0.5, "factor of a drop", gt=0, le=1)


@dataclass
class CosineSchedulerConfig(SchedulerConfig):
    name: str = option("cosine", "half a cosine down to min_factor, a little every step")
    min_factor: float = option(0.0, "share of the learning rate left at the end", ge=0, le=1)


@dataclass
class OneCycleSchedulerConfig(SchedulerConfig):
    name: str = option("one_cycle", "up to the learning rate and down again (Smith 2018)")
    peak: float = option(0.3, "share of the run until the peak", gt=0, lt=1)
    div_factor: float = option(25.0, "the start is lr / div_factor", ge=1)
    final_div_factor: float = option(1e4, "the end is start / final_div_factor", ge=1)


@dataclass
class PlateauSchedulerConfig(SchedulerConfig):
    name: str = option("plateau", "times factor when trainer.monitor stops getting better")
    factor: float = option(0.3, "factor of a drop", gt=0, lt=1)
    patience: int = option(5, "epochs without a better value before a drop", ge=0)
    threshold: float = option(1e-4, "relative change that counts as better", ge=0)
    cooldown: int = option(0, "epochs after a drop in which none is counted", ge=0)
    min_factor: float = option(0.0, "share of the learning rate never gone below", ge=0, le=1)
