"""What a run's folder and table tell: the outputs of modules of one's own, and who is behind."""

import sys
from dataclasses import replace

import pytest

import nnexp
from nnexp.config.saved import read_config
from nnexp.diagnosis.finding import HARMLESS, Evidence, Finding, Sign
from nnexp.diagnosis.report import Diagnosis
from nnexp.runs.examine import examine
from nnexp.runs.material import read_material

QUIET = ["trainer.progress=none", "trainer.tensorboard=false"]
MODULES = """
from torch import nn

def net(last):
    class Net(nn.Sequential):
        def __init__(self, inputs, outputs):
            layers = [nn.Linear(inputs, 32), nn.ReLU(), nn.Linear(32, outputs)]
            super().__init__(*layers, *last(outputs))
    return Net

Plain = net(lambda n: [])
Normed = net(lambda n: [nn.LayerNorm(n)])
Soft = net(lambda n: [nn.Softmax(-1)])
LogSoft = net(lambda n: [nn.LogSoftmax(-1)])
Sigmoid = net(lambda n: [nn.Sigmoid()])
Tanh = net(lambda n: [nn.Tanh()])
Cut = net(lambda n: [nn.ReLU()])

class Frozen(Plain):
    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs)
        for parameter in self[0].parameters():
            parameter.requires_grad_(False)
            parameter.mul_(0.01)

class BiasOnly(Plain):
    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs)
        for parameter in [*self.parameters()][:-1]:
            parameter.requires_grad_(False)

class Detached(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.body, self.head = nn.Linear(inputs, 4), nn.Linear(4, outputs)

    def forward(self, x):
        return self.head(self.body(x).relu().detach())

class Stale(nn.Sequential):
    def __init__(self, inputs, outputs):
        norm = nn.BatchNorm1d(32, momentum=1e-4)
        super().__init__(nn.Linear(inputs, 32), norm, nn.ReLU(), nn.Linear(32, outputs))

class Normal(nn.Sequential):
    def __init__(self, inputs, outputs):
        norm, drop = nn.BatchNorm1d(32), nn.Dropout(0.2)
        super().__init__(nn.Linear(inputs, 32), norm, nn.ReLU(), drop, nn.Linear(32, outputs))

class Dropping(Plain):
    def forward(self, x):
        return self[2](nn.functional.dropout(self[1](self[0](x)), 0.8))

class Alike(Plain):
    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs)
        for parameter in self.parameters():
            nn.init.constant_(parameter, 0.05)

class Dead(Plain):
    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs)
        nn.init.constant_(self[0].bias, -50.0)

class Narrow(nn.Sequential):
    def __init__(self, inputs, outputs):
        layers = [nn.Linear(inputs, 32), nn.ReLU(), nn.Linear(32, 1), nn.Linear(1, outputs)]
        super().__init__(*layers)

class Straight(nn.Sequential):
    def __init__(self, inputs, outputs):
        layers = [nn.Linear(inputs, 32), nn.BatchNorm1d(32), nn.Linear(32, 32)]
        super().__init__(*layers, nn.Linear(32, outputs))

class Ratios(Straight):
    def forward(self, x):
        return super().forward(x).log_softmax(1)

class SmallTanh(Plain):
    def forward(self, x):
        return 0.3 * super().forward(x).tanh()

class Averaging(Plain):
    def forward(self, x):
        return super().forward(x - x.mean(0) + x.mean(0).sum())

class AlwaysNormed(nn.Sequential):
    def __init__(self, inputs, outputs):
        norm = nn.BatchNorm1d(32, track_running_stats=False)
        super().__init__(nn.Linear(inputs, 32), norm, nn.ReLU(), nn.Linear(32, outputs))

class Fading(nn.Sequential):
    def __init__(self, inputs, outputs):
        layers = [nn.Linear(inputs, 24), nn.Sigmoid()]
        for _ in range(6):
            layers += [nn.Linear(24, 24), nn.Sigmoid()]
        super().__init__(*layers, nn.Linear(24, outputs))

class Dividing(Plain):
    def forward(self, x):
        spread = x.std(0)
        return super().forward((x - x.mean(0)) / (spread * (spread > 1e9)))

class Gated(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.gate, self.body = nn.Linear(inputs, 1), Plain(inputs, outputs)

    def forward(self, x):
        return self.body(x * self.gate(x).sigmoid())

class Unused(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.head, self.spare = nn.Linear(inputs, outputs), nn.Linear(inputs, outputs)

    def forward(self, x):
        return self.head(x)

class Listed(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.body = [nn.Linear(inputs, 8), nn.Linear(8, 3)]
        self.head = nn.Linear(3, outputs)

    def forward(self, x):
        return self.head(self.body[1](self.body[0](x).relu()).relu())
"""


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    folder = tmp_path_factory.mktemp("modules")
    (folder / "ends_for_test.py").write_text(MODULES)
    sys.path.insert(0, str(folder))
    yield "ends_for_test"
    sys.path.remove(str(folder))
    sys.modules.pop("ends_for_test", None)


@pytest.mark.matrix(4)
@pytest.mark.parametrize(
    ("name", "loss", "cause"),
    [
        ("Normed", "cross_entropy", None),
        ("LogSoft", "nll", None),
        ("Soft", "cross_entropy", "softmax_twice"),
        ("Soft", "nll", "nll_on_probabilities"),
        ("Sigmoid", "cross_entropy", "activation_on_logits"),
        ("Sigmoid", "bce_with_logits", "sigmoid_twice"),
        ("Cut", "cross_entropy", "activation_on_logits"),
        ("SmallTanh", "cross_entropy", "activation_on_logits"),
    ],
)
@pytest.mark.filterwarnings("ignore:loss=nll with model.output")
def test_the_end_of_a_module_is_known_by_what_it_gives(modules, tmp_path, name, loss, cause):
    words = ["data=wine", "trainer.epochs=15", "optimizer=sgd", "optimizer.lr=0.02", *QUIET]
    own = ["model=custom", f"model._target_={modules}.{name}", f"loss={loss}"]
    done = nnexp.run([*words, *own], root=tmp_path)
    findings = nnexp.diagnose(done, trust=True).findings
    of_loss = [own for own in findings if own.cause not in ("undertrained", "validation_too_small")]
    assert [own.cause for own in of_loss][:1] == ([cause] if cause else [])
    if cause:
        assert "the module itself ends in" in of_loss[0].title
        assert of_loss[0].fix == ()


def test_a_run_that_is_behind_for_no_known_cause_is_not_called_healthy():
    judged = {"accuracy": 0.6, "possible": 0.9, "rows": 300}
    behind = Diagnosis([], scores={"valid": {**judged, "behind": True}})
    assert "no cause found" in behind.text()
    told = behind.text("nnexp diagnose run --prove")
    assert told.endswith("to look further: nnexp diagnose run --prove\n")
    seen = (Evidence("share", 1.0, "0"),)
    low = Finding("dead_units", HARMLESS, "units never fire", seen, "they do not", ("a=b",))
    tried = replace(behind, findings=[low]).text("nnexp diagnose run --prove")
    assert tried.startswith("harmless: units never fire")
    assert "no cause found" in tried
    assert tried.endswith("to look further: nnexp diagnose run --prove\n")
    level = Diagnosis([], scores={"valid": {**judged, "behind": False}})
    assert "nothing found" in level.text("nnexp diagnose run --prove")
    assert "further" not in level.text("nnexp diagnose run --prove")
    # what is odd and did no harm that is seen is no finding, and can be tried
    sign = replace(level, considered=[Sign(low, True)])
    assert sign.text("nnexp diagnose run --prove").splitlines()[1:] == [
        "odd, without harm that is seen: units never fire",
        "to try it: nnexp diagnose run --prove",
    ]
    assert len(sign.text().splitlines()) == 1
    assert "odd" not in replace(level, considered=[Sign(low, False)]).text("nnexp diagnose run")


@pytest.mark.parametrize("name", ["Frozen", "BiasOnly", "Detached", "Listed"])
def test_layers_that_no_optimizer_gets(modules, tmp_path, name):
    words = ["data=digits", "trainer.epochs=8", "optimizer=sgd", *QUIET]
    own = ["model=custom", f"model._target_={modules}.{name}"]
    done = nnexp.run([*words, *own], root=tmp_path)
    first = nnexp.diagnose(done, trust=True).findings[0]
    assert first.cause == "parameters_not_updated"


def test_the_epoch_whose_weights_were_kept_is_the_one_that_is_read(tmp_path):
    words = ["data=wine", "optimizer=sgd", "optimizer.lr=1e20", "data.scaling=none", *QUIET]
    done = nnexp.run([*words, "trainer.checkpoint=last", "trainer.epochs=5"], root=tmp_path)
    assert done.status == "diverged"
    seen = examine(done.folder, read_material(read_config(done.folder)))
    assert seen.best_epoch == done.metrics["best_epoch"] != done.epochs
    (done.folder / "metrics.json").unlink()
    assert examine(done.folder, None).best_epoch == len(done.history)


def test_a_layer_that_nothing_depends_on_is_not_cut_off(modules, tmp_path):
    own = ["model=custom", f"model._target_={modules}.Unused"]
    done = nnexp.run(["data=digits", "trainer.epochs=1", *QUIET, *own], root=tmp_path)
    seen = examine(done.folder, read_material(read_config(done.folder, True)), True)
    assert seen.signal("gradient_norm/spare").max() == 0
    assert seen.module.cut == []
    causes = [one.cause for one in nnexp.diagnose(done, trust=True).findings]
    assert "parameters_not_updated" not in causes


@pytest.mark.parametrize(("name", "told"), [("Stale", True), ("Normal", False)])
def test_running_statistics_that_do_not_fit(modules, tmp_path, name, told):
    own = ["model=custom", f"model._target_={modules}.{name}"]
    words = ["data=digits", "data.scaling=none", "trainer.epochs=4", *QUIET]
    done = nnexp.run([*words, *own], root=tmp_path)
    findings = nnexp.diagnose(done, trust=True).findings
    assert ([one.cause for one in findings][:1] == ["batchnorm_mode"]) == told


@pytest.mark.matrix(6)
@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("Dropping", "batchnorm_mode"),
        ("Alike", "bad_initialisation"),
        ("Dead", "dead_units"),
        ("Narrow", "underfit_capacity"),
        ("AlwaysNormed", "batchnorm_mode"),
        ("Averaging", "batchnorm_mode"),
    ],
)
@pytest.mark.parametrize("words", [(), ("reg.l2=0.001",)], ids=" ".join)
def test_what_holds_a_module_of_ones_own_down(modules, tmp_path, name, cause, words):
    own = ["model=custom", f"model._target_={modules}.{name}", *words]
    done = nnexp.run(["data=digits", "trainer.epochs=12", *QUIET, *own], root=tmp_path)
    found = nnexp.diagnose(done, trust=True)
    assert found.findings[0].cause == cause


def test_a_title_says_what_a_module_does(modules, tmp_path):
    own = ["model=custom", f"model._target_={modules}.Averaging"]
    done = nnexp.run(["data=digits", "trainer.epochs=12", *QUIET, *own], root=tmp_path)
    first = nnexp.diagnose(done, trust=True).findings[0]
    assert first.title.endswith("outputs that depend on the other rows of a batch")


@pytest.mark.parametrize(
    ("name", "loss", "linear"),
    [
        ("Straight", "cross_entropy", True),
        ("Ratios", "nll", True),
        ("Normal", "cross_entropy", False),
    ],
)
def test_a_module_without_activations_is_linear(modules, tmp_path, name, loss, linear):
    own = ["model=custom", f"model._target_={modules}.{name}", f"loss={loss}"]
    words = ["data=moons", "data.noise=0.1", "trainer.epochs=60", "optimizer.lr=0.01", *QUIET]
    done = nnexp.run([*words, *own], root=tmp_path)
    seen = examine(done.folder, read_material(read_config(done.folder, True)), True)
    assert seen.module.is_linear == linear
    causes = [one.cause for one in nnexp.diagnose(done, trust=True).findings]
    assert causes == ["underfit_capacity"] * linear


def test_a_gradient_that_fades_in_a_module_of_ones_own(modules, tmp_path):
    own = ["model=custom", f"model._target_={modules}.Fading"]
    done = nnexp.run(["data=digits", "trainer.epochs=5", *QUIET, *own], root=tmp_path)
    assert nnexp.diagnose(done, trust=True).findings[0].cause == "vanishing_gradients"


def test_nan_that_a_module_makes_is_not_put_down_to_the_rate(modules, tmp_path):
    own = ["model=custom", f"model._target_={modules}.Dividing"]
    done = nnexp.run(["data=wine", "trainer.epochs=3", *QUIET, *own], root=tmp_path)
    assert done.status == "diverged"
    (found,) = nnexp.diagnose(done, trust=True).findings
    assert found.cause == "nonfinite_inputs"
    assert "made by the module itself" in found.title
    assert found.fix == ()


def test_a_gate_of_one_unit_is_no_bottleneck(modules, tmp_path):
    own = ["model=custom", f"model._target_={modules}.Gated"]
    done = nnexp.run(["data=digits", "trainer.epochs=3", *QUIET, *own], root=tmp_path)
    found = nnexp.diagnose(done, trust=True)
    assert "underfit_capacity" not in [one.cause for one in found.findings]


def test_the_command_that_proves_a_module_of_ones_own_trusts_it(modules, tmp_path):
    words = ["data=wine", "data.scaling=none", "trainer.epochs=5", *QUIET]
    own = ["model=custom", f"model._target_={modules}.Normed"]
    done = nnexp.run([*words, *own], root=tmp_path)
    told = str(nnexp.diagnose(done, trust=True))
    assert f"nnexp diagnose {done.folder} --prove --trust" in told
