"""Recurrent layers and cells that Keras 3 does not have."""

from __future__ import annotations

from typing import Any

from .base import retired_base


def layers() -> tuple[Any, ...]:
    """Define the layers of this module, on Keras, and return their classes."""
    import keras
    from keras import ops

    base: Any = retired_base()

    class _CuDNNCell:
        """The weights of a recurrent cell as cuDNN has them: transposed, with two biases."""

        gates = 0
        _raw: list[Any]

        def build(self, input_shape: Any) -> None:  # noqa: ANN401
            """Make the weights in the file's own form."""
            units, count = self.units, self.gates  # type: ignore[attr-defined]
            shapes = {
                "kernel": (input_shape[-1], units * count),
                "recurrent_kernel": (units, units * count),
                "bias": (2 * units * count,),
            }
            self._raw = [
                self.add_weight(shape=shape, name=name)  # type: ignore[attr-defined]
                for name, shape in shapes.items()
            ]

        @property
        def kernel(self) -> Any:  # noqa: ANN401
            """The input's matrix."""
            return ops.concatenate(
                [ops.transpose(ops.reshape(part, part.shape[::-1])) for part in self._parts(0)], 1
            )

        @property
        def recurrent_kernel(self) -> Any:  # noqa: ANN401
            """The state's matrix."""
            return ops.concatenate([ops.transpose(part) for part in self._parts(1)], 1)

        def _parts(self, number: int) -> Any:  # noqa: ANN401
            """A matrix's parts, one for each gate."""
            return ops.split(ops.convert_to_tensor(self._raw[number]), self.gates, 1)

    class CuDNNLSTMCell(_CuDNNCell, keras.layers.LSTMCell):  # type: ignore[misc]
        """The cell of ``CuDNNLSTM``."""

        kind, gates = "LSTMCell", 4

        @property
        def bias(self) -> Any:  # noqa: ANN401
            """The sum of the two biases."""
            return ops.sum(ops.reshape(self._raw[2], (2, -1)), 0)

    class CuDNNGRUCell(_CuDNNCell, keras.layers.GRUCell):  # type: ignore[misc]
        """The cell of ``CuDNNGRU``, which resets after the product."""

        kind, gates = "GRUCell", 3

        @property
        def bias(self) -> Any:  # noqa: ANN401
            """The two biases, a row each."""
            return ops.reshape(self._raw[2], (2, -1))

    class _CuDNN(keras.layers.RNN):  # type: ignore[misc]
        """A recurrent layer that ran by cuDNN, computed step by step."""

        cell_class: Any

        def __init__(self, units: int, **kwargs: Any) -> None:  # noqa: ANN401
            super().__init__(type(self).cell_class(units, name="cell"), **kwargs)

        @property
        def units(self) -> int:
            """The number of elements of the state."""
            return int(self.cell.units)

        def get_config(self) -> dict[str, Any]:
            """Return the settings: a bidirectional wrapper copies a layer by them."""
            config = super().get_config()
            del config["cell"]
            return {**config, "units": self.units}

        @classmethod
        def from_config(cls, config: dict[str, Any]) -> Any:  # noqa: ANN401
            """Make a layer of its settings."""
            return cls(**config)

    class CuDNNLSTM(_CuDNN):
        """A long short-term memory by cuDNN."""

        kind, cell_class = "CuDNNLSTM", CuDNNLSTMCell

    class CuDNNGRU(_CuDNN):
        """A gated recurrent unit by cuDNN."""

        kind, cell_class = "CuDNNGRU", CuDNNGRUCell

    class _CellWrapper(base):  # type: ignore[misc]
        """A cell around another: the other's state, and its output unless a subclass changes it."""

        def __init__(self, cell: Any, **kwargs: Any) -> None:  # noqa: ANN401
            super().__init__(**kwargs)
            self.cell = (
                keras.saving.deserialize_keras_object(cell) if isinstance(cell, dict) else cell
            )
            self.state_size = self.cell.state_size
            self.output_size = getattr(self.cell, "output_size", None) or self.cell.state_size

        def build(self, input_shape: Any) -> None:  # noqa: ANN401
            """Build the cell within."""
            self.cell.build(input_shape)

        def call(self, inputs: Any, states: Any, training: bool = False) -> Any:  # noqa: ANN401
            """Take one step."""
            return self.cell(inputs, states, training=training)

        def get_initial_state(self, batch_size: Any = None) -> Any:  # noqa: ANN401
            """Return the state before the first step."""
            return self.cell.get_initial_state(batch_size=batch_size)

    class DropoutWrapper(_CellWrapper):
        """A cell with dropout around it: the cell itself at inference."""

        kind = "DropoutWrapper"

        def __init__(
            self,
            cell: Any,  # noqa: ANN401
            input_keep_prob: float = 1.0,
            output_keep_prob: float = 1.0,
            state_keep_prob: float = 1.0,
            variational_recurrent: bool = False,
            **kwargs: Any,  # noqa: ANN401
        ) -> None:
            super().__init__(cell, **kwargs)

    class ResidualWrapper(_CellWrapper):
        """A cell whose input is added to its output."""

        kind = "ResidualWrapper"

        def call(self, inputs: Any, states: Any, training: bool = False) -> Any:  # noqa: ANN401
            """Take one step."""
            output, states = super().call(inputs, states, training)
            return output + inputs, states

    class DeviceWrapper(_CellWrapper):
        """A cell on a device of its own."""

        kind = "DeviceWrapper"

        def __init__(self, cell: Any, device: Any = None, **kwargs: Any) -> None:  # noqa: ANN401
            super().__init__(cell, **kwargs)

    class PeepholeLSTMCell(keras.layers.LSTMCell):  # type: ignore[misc]
        """An LSTM cell whose gates see its memory too (Gers and Schmidhuber, 2000)."""

        kind = "PeepholeLSTMCell"

        def build(self, input_shape: Any) -> None:  # noqa: ANN401
            """Make the weights."""
            super().build(input_shape)
            self._peepholes = [
                self.add_weight(shape=(self.units,), name=f"{gate}_gate_peephole_weights")
                for gate in ("input", "forget", "output")
            ]

        def call(self, inputs: Any, states: Any, training: bool = False) -> Any:  # noqa: ANN401
            """Take one step."""
            hidden, memory = states
            z = ops.matmul(inputs, self.kernel) + ops.matmul(hidden, self.recurrent_kernel)
            z = z + self.bias if self.use_bias else z
            to_input, to_forget, candidate, to_output = ops.split(z, 4, axis=1)
            of_input, of_forget, of_output = self._peepholes
            entered = self.recurrent_activation(to_input + of_input * memory)
            kept = self.recurrent_activation(to_forget + of_forget * memory)
            memory = kept * memory + entered * self.activation(candidate)
            output = self.recurrent_activation(to_output + of_output * memory)
            hidden = output * self.activation(memory)
            return hidden, [hidden, memory]

    class _OfAnySize:
        """A ``ConvLSTM`` layer that takes pictures whose size is not known, as Keras 2's did."""

        def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:  # noqa: ANN401
            """Make the weights, whose shapes do not depend on the pictures' size."""
            self._open = None in sequences_shape[2:]
            shape = (*sequences_shape[:2], *(n or 1 for n in sequences_shape[2:]))
            super().build(shape, initial_state_shape)  # type: ignore[misc]
            if self._open:
                self.cell.input_spec = None  # type: ignore[attr-defined]

        def call(
            self,
            sequences: Any,  # noqa: ANN401
            initial_state: Any = None,  # noqa: ANN401
            mask: Any = None,  # noqa: ANN401
            training: bool = False,
        ) -> Any:  # noqa: ANN401
            """Take all steps, the first from a state of zeros in the size of the pictures."""
            cell: Any = self.cell  # type: ignore[attr-defined]
            if self._open and initial_state is None:
                kernel = ops.zeros((*cell.kernel_size, cell.input_dim, cell.filters))
                picture = cell.input_conv(sequences[:, 0], kernel, padding=cell.padding)
                initial_state = [ops.zeros_like(picture)] * 2
            return super().call(  # type: ignore[misc]
                sequences, initial_state=initial_state, mask=mask, training=training
            )

    class ConvLSTM1DOfKeras2(_OfAnySize, keras.layers.ConvLSTM1D):  # type: ignore[misc]
        """``ConvLSTM1D`` for sequences of sequences of any length."""

        kind = "ConvLSTM1D"

    class ConvLSTM2DOfKeras2(_OfAnySize, keras.layers.ConvLSTM2D):  # type: ignore[misc]
        """``ConvLSTM2D`` for pictures of any size."""

        kind = "ConvLSTM2D"

    class ConvLSTM3DOfKeras2(_OfAnySize, keras.layers.ConvLSTM3D):  # type: ignore[misc]
        """``ConvLSTM3D`` for volumes of any size."""

        kind = "ConvLSTM3D"

    return (
        CuDNNLSTM, CuDNNGRU, CuDNNLSTMCell, CuDNNGRUCell, DropoutWrapper, ResidualWrapper,
        DeviceWrapper, PeepholeLSTMCell, ConvLSTM1DOfKeras2, ConvLSTM2DOfKeras2, ConvLSTM3DOfKeras2,
    )  # fmt: skip
