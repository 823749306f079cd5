"""The page of the Python interface, from its docstrings."""

from __future__ import annotations

PAGE = """# Python reference

The names of `ogan_bench`, from their docstrings.

## Studies and results

```{eval-rst}
.. currentmodule:: ogan_bench

.. autoclass:: ogan_bench.Study
   :members: from_yaml, name, question, arms, seeds, hypotheses, trials

.. autofunction:: ogan_bench.run

.. autoclass:: ogan_bench.Results
   :members: data, trials, summary, log, verdicts, forest, report

.. autofunction:: ogan_bench.load_results
```

## Figures

```{eval-rst}
.. automodule:: ogan_bench.figures
   :members: forest, seeds
```

## Trained encoders

```{eval-rst}
.. autofunction:: ogan_bench.load_encoder

.. autoclass:: ogan_bench.TrainedEncoder
   :members:
   :special-members: __call__

.. autoclass:: ogan_bench.EncoderTransformer
   :members: fit, transform, get_feature_names_out

.. autofunction:: ogan_bench.load_trained
```

## Parts of your own

What a plug-in imports.

```{eval-rst}
.. autoclass:: ogan_bench.objectives.base.Objective
   :members:

.. automodule:: ogan_bench.objectives.forward_pass
   :members:

.. autoclass:: ogan_bench.objectives.parts.consistency.Consistency

.. autoclass:: ogan_bench.objectives.parts.readouts.Readout

.. autoclass:: ogan_bench.objectives.parts.adversarial.Adversarial
```
"""
