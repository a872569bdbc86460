"""Ops that no relation describes, each with the reason; they are taken to see everything.

Most of TensorFlow's ops are never on the way from an image to a layer: those are told by family.
"""

from __future__ import annotations

import re
from functools import cache

from ...reading.operators import Describe, Operator
from ...reading.values import DataDependent, Outputs
from ..node import OPERATORS, Node

BOXES = "which boxes it keeps depends on the data"
SPARSE = "it works on tensors told by the places of what is not zero"
RAGGED = "it works on rows of unlike length"
GRADIENT = "it is a gradient, of a step of training"
TRAINING = "it is a step of training"
TEXT = "it works on text"
FILES = "it reads or writes files"
DEVICES = "it is a matter between devices"
STATE = "it works on what is kept between runs"
DATA = "it feeds data in"
TEST = "it is there for TensorFlow's own tests"
CODE = "it runs code that the graph does not hold"
REWRITTEN = "it is what TensorFlow itself makes of a graph as it runs it"
RANDOM = "where it looks is drawn at random"
FUNCTION = "it calls a function in a form that is not followed"

_TESTS = (  # noqa: SIM905  (a list of these names is no easier to read)
    "A Attr AttrBool AttrBoolList AttrDefault AttrEmptyListDefault AttrEnum AttrEnumList "
    "AttrFloat AttrListDefault AttrListMin AttrListTypeDefault AttrMin AttrPartialShape "
    "AttrPartialShapeList AttrShape AttrShapeList AttrTypeDefault B Binary ComplexStruct "
    "ConstructionFails CopyOp DefaultAttrs DtypeWithDefaultOp FiveFloatOutputs FloatInput "
    "FloatOutput FloatOutputStringOutput Foo1 Foo2 Foo3 FuncAttr FuncListAttr InPolymorphicTwice "
    "Int64Output IntAttr IntInput IntInputFloatInput IntInputIntOutput IntOutput "
    "IntOutputFloatOutput KernelLabel KernelLabelRequired ListInput ListOutput MixedStruct "
    "NInPolymorphicTwice NInTwice NInTwoTypeVariables NIntsIn NIntsOut NIntsOutDefault "
    "NPolymorphicIn NPolymorphicOut NPolymorphicOutDefault NPolymorphicRestrictIn "
    "NPolymorphicRestrictOut Namespace>TestStringOutput None Old OpWithDefaultAttr "
    "OpWithFutureDefaultAttr OutT OutTypeList OutTypeListRestrict Polymorphic "
    "PolymorphicDefaultOut PolymorphicOut RefIn RefInputFloatInput RefInputFloatInputIntOutput "
    "RefInputIntInput RefOut RefOutput RefOutputFloatOutput RequiresOlderGraphVersion "
    "ReservedAttr ReservedInput ResourceCreateOp ResourceUsingOp Restrict Simple SimpleStruct "
    "StringListAttr TestAttr TestStringOutput TwoFloatInputs TwoFloatInputsFloatOutput "
    "TwoFloatInputsIntOutput TwoFloatOutputs TwoIntInputs TwoIntOutputs TwoRefsIn TypeList "
    "TypeListRestrict TypeListTwice Unary"
).split()
"""Ops that TensorFlow registers for its own tests."""

OPAQUE: dict[str, str] = {
    **dict.fromkeys(_TESTS, TEST),
    "Abort": STATE,
    "AudioMicrofrontend": "it filters a signal through a state of its own",
    "Batch": "it gathers the inputs of several runs",
    "BatchFunction": "it gathers the inputs of several runs",
    "CTCBeamSearchDecoder": "what it decodes depends on the data",
    "CTCGreedyDecoder": "what it decodes depends on the data",
    "CTCLoss": "its labels are sparse",
    "CTCLossV2": "its labels are sparse",
    "CombinedNonMaxSuppression": BOXES,
    "ComputeAccidentalHits": TRAINING,
    "CudnnRNNCanonicalToParams": "it packs weights for a device",
    "CudnnRNNCanonicalToParamsV2": "it packs weights for a device",
    "CudnnRNNParamsSize": "it packs weights for a device",
    "CudnnRNNParamsToCanonical": "it packs weights for a device",
    "CudnnRNNParamsToCanonicalV2": "it packs weights for a device",
    "CustomAggregator": "it collects statistics for quantisation",
    "DrawBoundingBoxes": "where it draws depends on the data",
    "DrawBoundingBoxesV2": "where it draws depends on the data",
    "EditDistance": "it compares sequences",
    "ExtractGlimpse": "where it looks depends on the data",
    "ExtractGlimpseV2": "where it looks depends on the data",
    "Fact": TEST,
    "Fingerprint": "it is a check sum of all its bytes",
    "For": FUNCTION,
    "FractionalAvgPool": "where its windows lie is drawn at random",
    "FractionalMaxPool": "where its windows lie is drawn at random",
    "GenerateBoundingBoxProposals": BOXES,
    "KMC2ChainInitialization": "it draws points at random",
    "KmeansPlusPlusInitialization": "it draws points at random",
    "MapDefun": FUNCTION,
    "MlirPassthroughOp": CODE,
    "NearestNeighbors": "which points are nearest depends on the data",
    "NegTrain": TRAINING,
    "NonMaxSuppression": BOXES,
    "NonMaxSuppressionV2": BOXES,
    "NonMaxSuppressionV3": BOXES,
    "NonMaxSuppressionV4": BOXES,
    "NonMaxSuppressionV5": BOXES,
    "NonMaxSuppressionWithOverlaps": BOXES,
    "RandomCrop": RANDOM,
    "RandomIndexShuffle": "what it makes of a number is drawn at random",
    "RemoteCall": FUNCTION,
    "RiscCondition": FUNCTION,
    "RiscConv": "its form was never finished",
    "RiscPool": "its form was never finished",
    "RiscWhile": FUNCTION,
    "SampleDistortedBoundingBox": RANDOM,
    "SampleDistortedBoundingBoxV2": RANDOM,
    "Skipgram": FILES,
    "SobolSample": "it makes numbers of no image",
    "StatelessSampleDistortedBoundingBox": RANDOM,
    "StochasticCastToInt": "how it rounds is drawn at random",
    "SymbolicGradient": GRADIENT,
    "UniformQuantizedConvolution": "its axes are told in a form of XLA's",
    "UniformQuantizedConvolutionHybrid": "its axes are told in a form of XLA's",
    "UnsortedSegmentJoin": TEXT,
    "XlaDot": "its axes are told in a form of XLA's",
    "XlaDotV2": "its axes are told in a form of XLA's",
}

FAMILIES: tuple[tuple[str, str], ...] = (
    (r".*PyFunc.*|XlaCallModule|XlaCustomCall.*|XlaHostCompute|_Xla(HostComputeMlir|Run)", CODE),
    (r"(PartitionedCall|StatefulPartitionedCall|(Stateless)?(If|Case)|_If|_While)", FUNCTION),
    (r"Xla(If|While|Launch.*|Reduce|ReduceWindow|VariadicReduce.*|SelectAndScatter)", FUNCTION),
    (r"(Xla|_Xla).*", "it is written in terms of XLA, which compiles it"),
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
    (r"TensorArray(V2)?|TensorArray.*", "it is a list in an older form"),
    (
        r"Stack(Close|Pop|Push)?(V2)?|TensorListPushBackBatch|CompositeTensorVariant.*",
        "it is a list in another form",
    ),
    (r"Ragged.*", RAGGED),
    (r".*Sparse.*|CSR.*|.*SetOperation|SetSize|DeserializeSparse", SPARSE),
    (r".*(Assign|Variable|Session|Mutex|Resource|HandleRef|WeakResource|CopyOnRead).*", STATE),
    (r"Rng(ReadAnd)?Skip|CountUpTo|VarHandle.*|_VarHandles.*|.*HandleOp|Resource.*", STATE),
    (r"__?Mkl.*|_(Fused|Quantized)\w+|_(Parallel|Scoped)\w+", REWRITTEN),
    (r"_(Arg|DeviceArg|Retval|DeviceRetval|SwitchN)", REWRITTEN),
)
"""What the names of a family look like, and the reason; the first that fits holds."""


def _taken_to_see_everything(why: str) -> Describe:
    def describe(node: Node) -> Outputs:
        raise DataDependent(f"{node.op} {node.name} is taken to see everything: {why}")

    return describe


@cache
def family(op: str) -> str | None:
    """Why an op is not described, by what its name looks like; None if it is of no family."""
    for pattern, why in FAMILIES:
        if re.fullmatch(pattern, op):
            return why
    return None


@cache
def by_family(op: str) -> Operator | None:
    """The entry of an op that is only told by its family."""
    why = family(op)
    return None if why is None else Operator(_taken_to_see_everything(why))


for _name, _why in OPAQUE.items():
    OPERATORS[_name] = Operator(_taken_to_see_everything(_why))
