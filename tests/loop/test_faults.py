"""Each fault of a loop is named first, and healthy loops get no finding."""

import pytest


@pytest.mark.matrix(22)
def test_a_fault_is_named_first(fault, loops):
    loop, cause = loops.FAULTS[fault]
    found = loops.run(loop, len(fault) % 3)
    named = [own.cause for own in found.findings]
    # two names where they cannot be told apart
    assert named[:1] == [cause] or (isinstance(cause, set) and named[0] in cause)
    assert all(own.evidence and own.explanation for own in found.findings)
    assert "data." not in str(found)
    assert "optimizer.lr" not in str(found)


@pytest.mark.matrix(10)
def test_a_healthy_loop_gets_no_finding(healthy, loops):
    found = loops.run(loops.HEALTHY[healthy], len(healthy) % 3)
    assert not found.findings, str(found)


@pytest.mark.matrix(2)
@pytest.mark.parametrize("name", ["nll on logits", "minus", "not scaled", "rate too high, sgd"])
def test_a_proof_confirms_the_cause(name, loops):
    from dataclasses import replace

    loop = replace(loops.FAULTS[name][0], factory=True)
    loops.run(loop, 0)
    found = loop.watch.diagnosis(prove=True, seeds=3)
    first = found.findings[0]
    assert first.cause == loops.FAULTS[name][1]
    assert first.verdict == "confirmed"
    assert first.proof.seeds == 3
    assert first.proof.gain > 0.1
    assert any("inputs of zeros" in line for line in [*found.checked, *found.notes])
