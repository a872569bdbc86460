"""Retired layers that compute on each position by itself, and merges."""

from __future__ import annotations

from typing import Any

from .base import retired_base


def hard_sigmoid_of_keras_2(x: Any) -> Any:  # noqa: ANN401
    """The hard sigmoid of Keras 1 and 2: 0.2 x + 0.5, between 0 and 1."""
    from keras import ops

    return ops.clip(0.2 * x + 0.5, 0.0, 1.0)


def _element_shape(input_shape: Any, shared: Any) -> list[int]:  # noqa: ANN401
    """The shape of weights for each element, 1 along shared axes."""
    shared = shared if isinstance(shared, list | tuple) else [shared] if shared else []
    return [1 if axis in shared else n for axis, n in enumerate(input_shape) if axis > 0]


def layers() -> tuple[Any, ...]:
    """Define the layers of this module, on Keras, and return their classes."""
    import keras
    from keras import ops

    base: Any = retired_base()

    class ThresholdedReLU(base):  # type: ignore[misc]
        """x where it is larger than ``theta``, 0 elsewhere."""

        kind = "ThresholdedReLU"

        def __init__(self, theta: float = 1.0, **kwargs: Any) -> None:  # noqa: ANN401
            super().__init__(**kwargs)
            self.theta = theta

        def call(self, x: Any) -> Any:  # noqa: ANN401
            """Threshold."""
            return x * ops.cast(x > self.theta, x.dtype)

    class UnchangedAtInference(base):  # type: ignore[misc]
        """The identity, for a layer of class ``kind`` that does something in training only."""

        def __init__(self, kind: str, **kwargs: Any) -> None:  # noqa: ANN401
            super().__init__(**kwargs)
            self.kind = kind

        def call(self, x: Any) -> Any:  # noqa: ANN401
            """Pass on the input."""
            return x

        def get_config(self) -> dict[str, Any]:
            """Return the settings: wrappers copy a layer by them."""
            return {**super().get_config(), "kind": self.kind}

    class ParametricSoftplus(base):  # type: ignore[misc]
        """alpha * log(1 + exp(beta * x)), with an alpha and a beta for each element."""

        kind = "ParametricSoftplus"

        def __init__(
            self,
            alpha_init: float = 0.2,
            beta_init: float = 5.0,
            shared_axes: Any = None,  # noqa: ANN401
            **kwargs: Any,  # noqa: ANN401
        ) -> None:
            super().__init__(**kwargs)
            self._starts = (("alphas", alpha_init), ("betas", beta_init))
            self._shared = shared_axes

        def build(self, input_shape: Any) -> None:  # noqa: ANN401
            """Make the weights."""
            shape = _element_shape(input_shape, self._shared)
            self._parameters = [
                self.add_weight(
                    shape=shape, name=name, initializer=keras.initializers.Constant(start)
                )
                for name, start in self._starts
            ]

        def call(self, x: Any) -> Any:  # noqa: ANN401
            """Apply the function."""
            alphas, betas = self._parameters
            return ops.softplus(betas * x) * alphas

    class SReLU(base):  # type: ignore[misc]
        """Three straight pieces, with two thresholds and two slopes for each element.

        Jin et al., "Deep Learning with S-shaped Rectified Linear Activation Units", 2015.
        """

        kind = "SReLU"

        def __init__(
            self,
            t_left_init: Any = None,  # noqa: ANN401
            a_left_init: Any = None,  # noqa: ANN401
            t_right_init: Any = None,  # noqa: ANN401
            a_right_init: Any = None,  # noqa: ANN401
            shared_axes: Any = None,  # noqa: ANN401
            **kwargs: Any,  # noqa: ANN401
        ) -> None:
            super().__init__(**kwargs)
            self._shared = shared_axes

        def build(self, input_shape: Any) -> None:  # noqa: ANN401
            """Make the weights."""
            shape = _element_shape(input_shape, self._shared)
            self._parameters = [
                self.add_weight(shape=shape, name=name)
                for name in ("t_left", "a_left", "t_right", "a_right")
            ]

        def call(self, x: Any) -> Any:  # noqa: ANN401
            """Apply the function."""
            t_left, a_left, t_right, a_right = self._parameters
            right = t_left + ops.abs(t_right)
            middle = ops.minimum(ops.relu(x - t_left), right - t_left) - a_left * ops.relu(
                t_left - x
            )
            return t_left + middle + ops.relu(x - right) * a_right

    class MaxoutDense(base):  # type: ignore[misc]
        """The largest of several dense layers' outputs, element by element."""

        kind = "MaxoutDense"

        def __init__(
            self,
            units: int,
            nb_feature: int = 4,
            use_bias: bool = True,
            **kwargs: Any,  # noqa: ANN401
        ) -> None:
            super().__init__(**kwargs)
            self.units, self._features, self._use_bias = units, nb_feature, use_bias

        def build(self, input_shape: Any) -> None:  # noqa: ANN401
            """Make the weights."""
            shape = (self._features, input_shape[-1], self.units)
            self.kernel = self.add_weight(shape=shape, name="W")
            self.bias = None
            if self._use_bias:
                self.bias = self.add_weight(shape=(self._features, self.units), name="b")

        def call(self, x: Any) -> Any:  # noqa: ANN401
            """Apply the layers."""
            outputs = ops.tensordot(x, self.kernel, axes=[[-1], [1]])
            return ops.max(outputs if self.bias is None else outputs + self.bias, axis=-2)

    class Highway(base):  # type: ignore[misc]
        """A dense layer, and a gate between its output and its input."""

        kind = "Highway"

        def __init__(self, activation: Any = None, use_bias: bool = True, **kwargs: Any) -> None:  # noqa: ANN401
            super().__init__(**kwargs)
            self.activation, self._use_bias = keras.activations.get(activation), use_bias

        def build(self, input_shape: Any) -> None:  # noqa: ANN401
            """Make the weights."""
            n = input_shape[-1]
            names: list[tuple[str, tuple[int, ...]]] = [("W", (n, n)), ("W_carry", (n, n))]
            names += [("b", (n,)), ("b_carry", (n,))] if self._use_bias else []
            self._parameters = [self.add_weight(shape=shape, name=name) for name, shape in names]

        def call(self, x: Any) -> Any:  # noqa: ANN401
            """Apply the layer and the gate."""
            kernel, carry, *biases = self._parameters
            bias, carry_bias = biases or (0.0, 0.0)
            gate = ops.sigmoid(ops.matmul(x, carry) + carry_bias)
            return gate * self.activation(ops.matmul(x, kernel) + bias) + (1.0 - gate) * x

    class RandomFourierFeatures(base):  # type: ignore[misc]
        """Cosines of random projections, by weights that the file holds."""

        kind = "RandomFourierFeatures"

        def __init__(
            self,
            output_dim: int,
            kernel_initializer: Any = None,  # noqa: ANN401
            scale: Any = None,  # noqa: ANN401
            **kwargs: Any,  # noqa: ANN401
        ) -> None:
            super().__init__(**kwargs)
            self.units, self._scale = output_dim, scale

        def build(self, input_shape: Any) -> None:  # noqa: ANN401
            """Make the weights; with ``trainable`` the scale comes first in a file."""
            shapes = {
                "unscaled_kernel": (input_shape[-1], self.units),
                "bias": (self.units,),
                "kernel_scale": (1,),
            }
            self._parameters = {
                name: self.add_weight(shape=shape, name=name, trainable=name == "kernel_scale",
                                      initializer="ones")
                for name, shape in shapes.items()
            }  # fmt: skip

        def call(self, x: Any) -> Any:  # noqa: ANN401
            """Project."""
            weights = self._parameters
            kernel = weights["unscaled_kernel"] / weights["kernel_scale"]
            return ops.cos(ops.matmul(x, kernel) + weights["bias"])

    class CosineMerge(base):  # type: ignore[misc]
        """The cosine of the angle between two inputs: Keras 1's ``Merge(mode="cos")``."""

        kind = "Merge"

        def __init__(self, axes: Any = 1, **kwargs: Any) -> None:  # noqa: ANN401
            super().__init__(**kwargs)
            self._dot = keras.layers.Dot(axes)

        def call(self, inputs: Any) -> Any:  # noqa: ANN401
            """Divide the product by the lengths."""
            first, second = inputs
            squares = self._dot([first, first]) * self._dot([second, second])
            lengths = ops.maximum(ops.sqrt(squares), keras.config.epsilon())
            return ops.expand_dims(self._dot([first, second]) / lengths, 1)

    class CausalAttention(keras.layers.Attention):  # type: ignore[misc]
        """Attention that was made causal by a setting: no position sees a later one."""

        kind = "Attention"

        def call(self, inputs: Any, mask: Any = None, **kwargs: Any) -> Any:  # noqa: ANN401
            """Attend."""
            return super().call(inputs, mask=mask, **{**kwargs, "use_causal_mask": True})

    class CausalAdditiveAttention(keras.layers.AdditiveAttention):  # type: ignore[misc]
        """The same with additive scores."""

        kind = "AdditiveAttention"

        def call(self, inputs: Any, mask: Any = None, **kwargs: Any) -> Any:  # noqa: ANN401
            """Attend."""
            return super().call(inputs, mask=mask, **{**kwargs, "use_causal_mask": True})

    return (
        ThresholdedReLU, UnchangedAtInference, ParametricSoftplus, SReLU, MaxoutDense, Highway,
        RandomFourierFeatures, CosineMerge, CausalAttention, CausalAdditiveAttention,
    )  # fmt: skip
