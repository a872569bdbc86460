"""The operators that are run, held against all that this TensorFlow has."""

from __future__ import annotations

import re

import pytest
import tensorflow as tf
from tensorflow.core.framework import op_def_pb2, types_pb2
from tensorflow.python.client import pywrap_tf_session

from rf_viz.runtimes.tensorflow.operators import OPERATORS
from rf_viz.runtimes.tensorflow.safety import may_run

_LIST = pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList())
REGISTERED = {op.name: op for op in op_def_pb2.OpList.FromString(_LIST).op}
"""The definitions of all operators of the installed TensorFlow."""

OUTSIDE = re.compile(
    "file|filename|files|memory|path|dir|directory|disk|vocab|checkpoint|snapshot|save|saver|restore"
    "|read|write|dump|load|sql|lmdb|csv|record|records|host|port|address|server|client|rpc|url|urls"
    "|token|send|recv|collective|nccl|remote|http|func|eager|dataset|iterator|reader|queue"
    "|barrier|stage|unstage|batching|mutex|lock|sleep|timeout|abort|tpu|xla|mesh|session|summary"
    "|debug|thread|threads|deadline|proto|descriptor|mlir|device|devices|timestamp"
)
"""Words of what lies outside a graph, of waiting for somebody, and of the end of the process."""

SOUNDING = {
    "csv record records": {"DecodeCSV"},  # lines that a tensor holds
    "debug": {
        # A text for messages.
        *("ParseSequenceExample", "ParseSequenceExampleV2", "ParseSingleSequenceExample"),
    },
    "debug devices": {"VarHandleOp"},  # what it is called in messages, and where it may lie
    "device host": {
        # Which of its inputs lie in the memory of a graphics card.
        *("_FusedQuantizedConv2D", "_FusedQuantizedDepthwiseConv2D", "_QuantizedMatMul"),
    },
    "host": {
        # Values that lie in the processor's memory.
        *("CudnnRNNBackpropV2", "CudnnRNNBackpropV3", "CudnnRNNV2", "CudnnRNNV3"),
        *("HostConst", "_FusedConv2D"),
    },
    "load": {"MutableDenseHashTable", "MutableDenseHashTableV2"},  # how full it gets
    "memory": {"StackPush", "StackPushV2"},  # whether it may leave a graphics card's
    "proto": {"PartitionedCall", "StatefulPartitionedCall"},  # how the call is optimised
    "read": {
        # A variable, a list, a generator's state.
        *("DisableCopyOnRead", "ReadVariableOp", "RngReadAndSkip"),
        *("TensorArray", "TensorArrayV2", "TensorArrayV3"),
        *("TensorArrayRead", "TensorArrayReadV2", "TensorArrayReadV3"),
    },
    "snapshot": {"Snapshot"},  # hands on its input
    "write": {"TensorArrayWrite", "TensorArrayWriteV2", "TensorArrayWriteV3"},
}
"""Operators that are run though their names have such words, and why."""

KEEPING = re.compile(
    r"Assert|CheckNumerics(V2)?|DeepCopy|DisableCopyOnRead|Empty|GuaranteeConst|Print"  # no state
    r"|Case|If|StatefulPartitionedCall|While"  # functions, which are looked at too
    r"|CudnnRNN(Backprop)?(V[23])?"  # the state of dropout
    # Generators of random numbers.
    r"|Multinomial|(ParameterizedT|T)runcatedNormal|Random(Crop|Gamma|Poisson(V2)?|Shuffle)"
    r"|Random(StandardNormal|Uniform(Int)?)|SampleDistortedBoundingBox(V2)?|StatelessRandomGetAlg"
    r"|RngReadAndSkip|RngSkip|Stateful(StandardNormal(V2)?|TruncatedNormal|Uniform(FullInt|Int)?)"
    # Lists, which end with their run.
    r"|Stack(|Close|Pop|Push)(V2)?"
    r"|TensorArray(|Close|Concat|Gather|Read|Scatter|Size|Split|Write)(V2|V3)?"
    r"|TensorArrayGrad(V2|V3|WithShape)?"
    # Variables and tables, which are a session's own.
    r"|ReadVariableOp|ResourceGather(Nd)?|VarHandleOp|VarIsInitializedOp|Variable(V2|Shape)?"
    r"|(Mutable|MutableDense)?HashTable(OfTensors)?(V2)?|InitializeTableV2"
    r"|LookupTable(Export|Find|Import|Insert|Remove|Size)V2"
)
"""Operators that TensorFlow calls stateful, and that keep nothing beyond their session."""

TEXTS = re.split(
    r"\s+",
    """activation_mode align allowed_devices bad_indices_policy compression_type config config_proto
    container context_dense_keys context_sparse_keys data_format dct_method debug_name dense_keys
    density_unit dimension_numbers direction dst_format encoding equation errors executor_type
    feature_list_dense_keys feature_list_dense_missing_assumed_empty feature_list_sparse_keys
    field_delim fill fill_mode filter_format format frame_name fused_ops id input_encoding
    input_mode input_order input_quant_mode interpolation kernel_type left_pad message method mode
    na_value noise op_names output_encoding output_quant_mode padding pattern placeholder rewrite
    right_pad rnn_mode round_mode row_partition_types separator set_operation shared_name source
    sparse_keys src_format stack_name template tensor_array_name unit xmp_metadata""",
)
"""Attributes of text of operators that are run: words, patterns, and names within a session."""


def words_of(op: op_def_pb2.OpDef) -> set[str]:
    """The words in the names of an operator, of its inputs, its outputs and its attributes."""
    names = [op.name, *(part.name for part in (*op.input_arg, *op.output_arg, *op.attr))]
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", " ".join(names))
    return {word.lower() for word in words}


def test_every_operator_that_is_run_is_one_of_tensorflow_s() -> None:
    assert sorted(OPERATORS - REGISTERED.keys()) == []
    assert len(OPERATORS) < len(REGISTERED) / 2


@pytest.mark.parametrize(
    "name",
    [
        *("GenerateVocabRemapping", "ReadFile", "WriteFile", "MatchingFiles", "WholeFileReaderV2"),
        *("ImmutableConst", "LoadAndRemapMatrix", "InitializeTableFromTextFile", "RestoreV2"),
        *("InitializeTableFromTextFileV2", "SaveV2", "DecodeProtoV2", "PyFunc", "EagerPyFunc"),
        *("PyFuncStateless", "PrintV2", "Skipgram", "FixedUnigramCandidateSampler", "RecordInput"),
        *("RpcCall", "RemoteCall", "_Send", "_Recv", "NcclAllReduce", "CollectiveReduceV2"),
        *("Batch", "BatchFunction", "QueueDequeue", "QueueDequeueV2", "BarrierTakeMany", "Stage"),
        *("MapUnstage", "MutexLock", "SleepOp", "Abort", "ConfigureDistributedTPU", "XlaLaunch"),
        *("XlaCallModule", "DebugIdentityV3", "Copy", "SymbolicGradient", "TFRecordDatasetV2"),
        *(
            "CalibrationStatisticsSaver",
            "CreateSummaryFileWriter",
            "GetSessionTensor",
            "CSVDataset",
        ),
    ],
)
def test_operators_that_reach_outside_wait_or_end_the_process_are_not_run(name: str) -> None:
    assert name in REGISTERED
    graph = tf.compat.v1.GraphDef()
    graph.node.add(name="layer", op=name)
    assert f"{name} (layer) is not among the operators that RF-Viz runs" in may_run(graph)
    within = tf.compat.v1.GraphDef()
    function = within.library.function.add()
    function.signature.name = "body"
    function.node_def.add(name="layer", op=name)
    assert may_run(within) == may_run(graph)


def test_no_name_of_an_operator_that_is_run_speaks_of_the_world_outside() -> None:
    sounding: dict[str, set[str]] = {}
    for name in OPERATORS:
        words = " ".join(sorted(filter(OUTSIDE.fullmatch, words_of(REGISTERED[name]))))
        sounding.setdefault(words, set()).add(name)
    del sounding[""]
    assert sounding == SOUNDING


def test_what_operators_that_are_run_keep_stays_in_their_session() -> None:
    stateful = {name for name in OPERATORS if REGISTERED[name].is_stateful}
    assert {name for name in stateful if not KEEPING.fullmatch(name)} == set()


def test_no_attribute_of_an_operator_that_is_run_names_anything_outside() -> None:
    texts = {
        attr.name
        for name in OPERATORS
        for attr in REGISTERED[name].attr
        if attr.type in ("string", "list(string)")
    }
    assert texts == set(TEXTS)


def test_handles_are_of_what_a_session_keeps() -> None:
    handles = {
        name
        for name in OPERATORS
        for argument in REGISTERED[name].input_arg
        if argument.type == types_pb2.DT_RESOURCE
    }
    assert {n for n in handles if not KEEPING.fullmatch(n)} == set()


def test_a_function_cannot_pass_for_an_operator() -> None:
    """TensorFlow refuses it, so that a name that the graph itself defines is safe to call."""
    graph = tf.compat.v1.GraphDef()
    graph.library.function.add().signature.name = "ReadFile"
    with tf.Graph().as_default(), pytest.raises(ValueError, match="an op with the same name"):
        tf.graph_util.import_graph_def(graph)


def test_an_operator_cannot_be_called_as_a_function() -> None:
    graph = tf.compat.v1.GraphDef()
    call = graph.node.add(name="y", op="PartitionedCall")
    call.attr["Tin"].list.SetInParent()
    call.attr["Tout"].list.SetInParent()
    call.attr["f"].func.name = "Abort"
    assert may_run(graph) == ""
    with tf.Graph().as_default() as whole:
        tf.graph_util.import_graph_def(graph, name="")
        with pytest.raises(tf.errors.OpError, match="Abort"):
            tf.compat.v1.Session(graph=whole).run("y")
