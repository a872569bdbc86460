"""Ops that no relation describes, by name or by family, each with the reason.

They are taken to see everything.
"""

from __future__ import annotations

import re
from functools import cache

from ....trace.tensors import Category
from ...reading.operators import Operator
from ...reading.values import DataDependent, Outputs
from ..node import OPERATORS, Node

BOXES = "which boxes it keeps depends on the data"
SPARSE = "it works on sparse tensors"
RAGGED = "it works on ragged rows"
GRADIENT = "it is a gradient, of a step of training"
TRAINING = "it is a step of training"
TEXT = "it works on text"
FILES = "it reads or writes files"
DEVICES = "it moves data between devices"
STATE = "it works on what is kept between runs"
DATA = "it feeds data in"
TEST = "it is there for TensorFlow's own tests"
CODE = "it runs code that the graph does not hold"
REWRITTEN = "it is what TensorFlow puts into a graph while it runs it"
RANDOM = "where it looks is drawn at random"
FUNCTION = "it calls a function in a form that is not followed"
XLA = "it is written in terms of XLA, which compiles it"
XLA_AXES = "its axes are written in XLA's form"

OPAQUE: dict[str, str] = {}
"""Why ops are not described, by name."""


def opaque(why: str, category: Category = "other") -> Operator:
    """Return the entry of an operator that no relation describes, for this reason."""

    def describe(node: Node) -> Outputs:
        raise DataDependent(f"{node.op} {node.name} is taken to see everything: {why}")

    return Operator(describe, category, multiplies=None)


def _enter(why: str, *names: str, category: Category = "other") -> None:
    """Enter ops of these names into the table that no relation describes, for this reason."""
    for name in names:
        OPAQUE[name] = why
        OPERATORS[name] = opaque(why, category)


_enter(
    TEST,
    "A", "Attr", "AttrBool", "AttrBoolList", "AttrDefault", "AttrEmptyListDefault", "AttrEnum",
    "AttrEnumList", "AttrFloat", "AttrListDefault", "AttrListMin", "AttrListTypeDefault", "AttrMin",
    "AttrPartialShape", "AttrPartialShapeList", "AttrShape", "AttrShapeList", "AttrTypeDefault",
    "B", "Binary", "ComplexStruct", "ConstructionFails", "CopyOp", "DefaultAttrs",
    "DtypeWithDefaultOp", "FiveFloatOutputs", "FloatInput", "FloatOutput",
    "FloatOutputStringOutput", "Foo1", "Foo2", "Foo3", "FuncAttr", "FuncListAttr",
    "InPolymorphicTwice", "Int64Output", "IntAttr", "IntInput", "IntInputFloatInput",
    "IntInputIntOutput", "IntOutput", "IntOutputFloatOutput", "KernelLabel", "KernelLabelRequired",
    "ListInput", "ListOutput", "MixedStruct", "NInPolymorphicTwice", "NInTwice",
    "NInTwoTypeVariables", "NIntsIn", "NIntsOut", "NIntsOutDefault", "NPolymorphicIn",
    "NPolymorphicOut", "NPolymorphicOutDefault", "NPolymorphicRestrictIn",
    "NPolymorphicRestrictOut", "Namespace>TestStringOutput", "None", "Old", "OpWithDefaultAttr",
    "OpWithFutureDefaultAttr", "OutT", "OutTypeList", "OutTypeListRestrict", "Polymorphic",
    "PolymorphicDefaultOut", "PolymorphicOut", "RefIn", "RefInputFloatInput",
    "RefInputFloatInputIntOutput", "RefInputIntInput", "RefOut", "RefOutput",
    "RefOutputFloatOutput", "RequiresOlderGraphVersion", "ReservedAttr", "ReservedInput",
    "ResourceCreateOp", "ResourceUsingOp", "Restrict", "Simple", "SimpleStruct", "StringListAttr",
    "TestAttr", "TestStringOutput", "TwoFloatInputs", "TwoFloatInputsFloatOutput",
    "TwoFloatInputsIntOutput", "TwoFloatOutputs", "TwoIntInputs", "TwoIntOutputs", "TwoRefsIn",
    "TypeList", "TypeListRestrict", "TypeListTwice", "Unary", "Fact",
)  # fmt: skip
_enter("it filters a signal through a state of its own", "AudioMicrofrontend")
_enter("it gathers the inputs of several runs", "Batch", "BatchFunction")
_enter("what it decodes depends on the data", "CTCBeamSearchDecoder", "CTCGreedyDecoder")
_enter("its labels are sparse", "CTCLoss", "CTCLossV2")
_enter(
    BOXES,
    "CombinedNonMaxSuppression", "GenerateBoundingBoxProposals", "NonMaxSuppression",
    "NonMaxSuppressionV2", "NonMaxSuppressionV3", "NonMaxSuppressionV4", "NonMaxSuppressionV5",
    "NonMaxSuppressionWithOverlaps",
)  # fmt: skip
_enter(
    "it packs weights for a device",
    "CudnnRNNCanonicalToParams", "CudnnRNNCanonicalToParamsV2", "CudnnRNNParamsSize",
    "CudnnRNNParamsToCanonical", "CudnnRNNParamsToCanonicalV2",
)  # fmt: skip
_enter("it collects statistics for quantisation", "CustomAggregator")
_enter("where it draws depends on the data", "DrawBoundingBoxes", "DrawBoundingBoxesV2")
_enter("it compares sequences", "EditDistance")
_enter("it is a checksum of all its bytes", "Fingerprint")
_enter(FUNCTION, "For", "MapDefun", "RemoteCall", "RiscCondition", "RiscWhile")
_enter(
    "where its windows lie is drawn at random",
    "FractionalAvgPool", "FractionalMaxPool",
    category="pooling",
)  # fmt: skip
_enter("it draws points at random", "KMC2ChainInitialization", "KmeansPlusPlusInitialization")
_enter(CODE, "MlirPassthroughOp")
_enter("which points are nearest depends on the data", "NearestNeighbors")
_enter(TRAINING, "ComputeAccidentalHits", "NegTrain")
_enter(RANDOM, "RandomCrop", category="layout")
_enter("its result is random", "RandomIndexShuffle")
_enter("its form was never finished", "RiscConv", category="convolution")
_enter("its form was never finished", "RiscPool", category="pooling")
_enter(
    RANDOM,
    "SampleDistortedBoundingBox", "SampleDistortedBoundingBoxV2",
    "StatelessSampleDistortedBoundingBox",
)  # fmt: skip
_enter(FILES, "Skipgram")
_enter("it makes numbers of no image", "SobolSample")
_enter(STATE, "Abort")
_enter("it rounds at random", "StochasticCastToInt")
_enter(GRADIENT, "SymbolicGradient")
_enter(
    XLA_AXES,
    "UniformQuantizedConvolution", "UniformQuantizedConvolutionHybrid",
    category="convolution",
)  # fmt: skip
_enter(TEXT, "UnsortedSegmentJoin")
_enter(XLA, "XlaConv", "XlaConvV2", category="convolution")
_enter(XLA_AXES, "XlaDot", "XlaDotV2", category="attention, dense")

FAMILIES: tuple[tuple[str, str], ...] = (
    (r".*PyFunc.*|XlaCallModule|XlaCustomCall.*|XlaHostCompute|_Xla(HostComputeMlir|Run)", CODE),
    (r"(PartitionedCall|StatefulPartitionedCall|(Stateless)?(If|Case)|_If|_While)", FUNCTION),
    (r"Xla(If|While|Launch.*|Reduce|ReduceWindow|VariadicReduce.*|SelectAndScatter)", FUNCTION),
    (r"(Xla|_Xla).*", XLA),
    (r".*Grad(V\d|WithArgmax|WithShape|Boxes|Image|Args|A)?(GradV?\d?)?", GRADIENT),
    (r".*(Backprop|BackpropFilter|BackpropInput).*|.*Gradient.*|.*GradGrad.*|.*GradEx", GRADIENT),
    (r"(Resource|Sparse|ResourceSparse)?Apply.*|Sdca.*|.*CandidateSampler", TRAINING),
    (r".*Accumulator.*|CalibrationStatisticsSaver|StoreMinibatch.*", TRAINING),
    (r".*BoostedTrees.*", "it is made of decision trees that are kept between runs"),
    (r".*(TPU|Tpu|SparseCore|PhysicalReplica|DedupData).*|ConvertToCooTensor", "it is for TPUs"),
    (r".*Collective.*|_?Nccl.*|DTensor.*|CrossReplicaSum|AllToAll|.*(Send|Recv)", DEVICES),
    (r"Rpc.*|WorkerHeartbeat|UpdateTaskId.*|SyncDevice|DevicePlacementOp|Copy(From|To).*", DEVICES),
    (r"(In|Out)feed.*|Prelinearize.*|CheckPinned", DEVICES),
    (r".*(Dataset|Iterator|MemoryCache|SeedGenerator|IterationCounter|ThreadPool).*", DATA),
    (r".*(Queue|Barrier|Reader|StatsAggregator|RecordInput).*|WindowOp|ComputeBatchSize", DATA),
    (r"(Un)?[Ss]tage.*|(Ordered)?Map(Clear|IncompleteSize|Peek|Size|Stage|Unstage.*)", DATA),
    (r"GetElementAtIndex|GetOptions|(Unc|C)ompressElement|Unbatch|Optional[FGHN]\w+", DATA),
    (r"Parse(Single)?(Sequence)?Example(V2)?|ParseTensor", DATA),
    (r".*Summary.*|ImportEvent|Dump.*|Debug.*|PrintV2|Assert", "it is run for its effect only"),
    (r"NoOp|ControlTrigger|SleepOp|.*ClearOp", "it is run for its effect only"),
    (r"(Read|Write)File|Save.*|Restore.*|.*(Checkpoints|Filename|Filespec|MatchingFiles)", FILES),
    (r"FileSystem.*|GenerateVocabRemapping|LoadAndRemapMatrix|DistributedSave", FILES),
    (r".*(Jpeg|Png|Gif|Bmp|WebP|Jxl|Wav).*|Decode(Image|Compressed)", "it decodes a stream"),
    (
        r"(Decode|Encode)(Raw|PaddedRaw|CSV|JSONExample|ProtoV2|Proto)|.*Serialize.*",
        "it is a codec",
    ),
    (r".*(String|Regex|Unicode|Substr).*", TEXT),
    (r".*Table.*|TensorMap.*|EmptyTensorMap|Anonymous.*", "it looks up a table kept by others"),
    (r"TensorArray(V2)?|TensorArray.*", "it is a list of an older kind"),
    (
        r"Stack(Close|Pop|Push)?(V2)?|TensorListPushBackBatch|CompositeTensorVariant.*",
        "it is a list of another kind",
    ),
    (r"Ragged.*", RAGGED),
    (r".*Sparse.*|CSR.*|.*SetOperation|SetSize|DeserializeSparse", SPARSE),
    (r".*(Assign|Variable|Session|Mutex|Resource|HandleRef|WeakResource|CopyOnRead).*", STATE),
    (r"Rng(ReadAnd)?Skip|CountUpTo|VarHandle.*|_VarHandles.*|.*HandleOp|Resource.*", STATE),
    (r"__?Mkl.*|_(Fused|Quantized)\w+|_(Parallel|Scoped)\w+", REWRITTEN),
    (r"_(Arg|DeviceArg|Retval|DeviceRetval)", REWRITTEN),
)
"""Patterns of the names of families, each with the reason; the first that fits holds.

Most of TensorFlow's ops are never on the way from an image to a layer."""


@cache
def family(op: str) -> str | None:
    """Return why an op is not described, by its name's pattern; None if it is of no family."""
    for pattern, why in FAMILIES:
        if re.fullmatch(pattern, op):
            return why
    return None


@cache
def by_family(op: str) -> Operator | None:
    """Return the entry of an op that is known by its family only; None if it is of none."""
    why = family(op)
    return None if why is None else opaque(why)
