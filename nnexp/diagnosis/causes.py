"""The causes that a diagnosis may name, each with its family and its title."""

from __future__ import annotations

from dataclasses import dataclass

from nnexp.data.names import listing

NAMED = 8  # columns of a title; the evidence and the fix have the others


@dataclass(frozen=True)
class Cause:
    """A cause of a run that does not learn what it should.

    Arguments:
        family: `table`, `labels`, `split`, `loss`, `optimisation` or `network`.
        title: what it is, in one line.
    """

    family: str
    title: str


def _of(family: str, **titles: str) -> dict[str, Cause]:
    return {cause: Cause(family, title) for cause, title in titles.items()}


CAUSES: dict[str, Cause] = {
    **_of(
        "table",
        unscaled_features="features of very different or very large scales reach the network",
        dominant_feature="one column outweighs all others by its scale",
        outlier_crushed_feature="a few large values squeeze a column into a sliver of its range",
        double_scaling="the inputs are scaled to next to nothing",
        preprocessing_mismatch="train rows and held-out rows were prepared differently",
        constant_feature="a column with one value does harm",
        uninformative_inputs="the inputs tell nothing about the target",
        categorical_as_number="codes of a nominal column are read as quantities",
        identifier_feature="a near-unique column can only be memorised",
        nonfinite_inputs="NaN or infinity reaches the network",
        sentinel_values="a mark of a missing cell is read as a value",
        informative_missingness="that a value is missing tells about the target, and is lost",
        missingness_leak="a value is missing because of the target",
        missingness_shift="cells are missing at other rates in train and in held-out rows",
        deletion_bias="leaving out incomplete rows leaves few of them, or others",
    ),
    **_of(
        "labels",
        label_noise="a share of the labels is wrong",
        label_permuted="the labels do not belong to their rows",
        label_mapping_mismatch="train and held-out labels are coded differently",
        label_encoding="labels outside what the loss expects",
        class_imbalance="the frequent class makes the accuracy, and a rare one is named too seldom",
        conflicting_labels="rows that are alike with different labels",
        unseen_class="a class of the held-out rows has no train row",
    ),
    **_of(
        "split",
        duplicate_leak="held-out rows stand in train too",
        target_leak="a column is the target in disguise, or known only after it",
        group_leak="rows of one subject are on both sides of the split",
        selection_leak="features were chosen or encoded with held-out labels",
        distribution_shift="held-out rows come from elsewhere",
        ordered_split="the split or the batches follow the order of the file",
        validation_too_small="the steps of the validation accuracy are sampling noise",
    ),
    **_of(
        "loss",
        nll_on_probabilities="NLL is fed probabilities instead of their logarithms",
        nll_on_logits="NLL is fed raw logits instead of log-probabilities",
        softmax_twice="a softmax before a loss that applies one",
        sigmoid_twice="a sigmoid before a loss that applies one",
        single_unit_softmax="a softmax over one unit is always 1",
        activation_on_logits="an activation squashes the logits",
        wrong_loss="the loss does not fit classification",
        wrong_output_size="more or fewer outputs than classes",
        loss_sign_flipped="the loss is maximised",
        loss_not_averaged="the loss is not the mean over the batch",
        broadcast_mismatch="outputs and targets of different shapes are broadcast",
        metric_mismatch="the accuracy does not measure the predictions",
        penalty_dominates="what falls is the penalty, not the data loss",
    ),
    **_of(
        "optimisation",
        lr_too_high="the learning rate is too high",
        lr_too_low="the learning rate is too low, or its schedule has died",
        unsuitable_optimizer="the optimizer does not suit, as it is set",
        undertrained="training stopped while it still improved",
        parameters_not_updated="parameters are not trained",
        batchnorm_mode="batch statistics, or the train/eval mode, spoil the run",
    ),
    **_of(
        "network",
        dead_units="most units of a layer never fire",
        vanishing_gradients="gradients vanish before they reach the first layers",
        exploding_gradients="activations or gradients explode",
        bad_initialisation="the initial weights are symmetric, constant or badly scaled",
        underfit_capacity="the network is too small or linear for the task",
        overfit="training improves while validation gets worse",
        over_regularized="regularization holds the training down",
    ),
}


def titled(cause: str, subject: str = "", title: str = "") -> str:
    """A cause in words, its own or others, with the columns that it is about, or some of them."""
    title = title or CAUSES[cause].title
    return f"{title}: {listing(subject.split(', '), NAMED)}" if subject else title
