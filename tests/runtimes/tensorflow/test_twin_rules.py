"""Every op that is described has a rule in the twin, or is listed here as one that has none."""

from __future__ import annotations

from rf_viz.readers.tensorflow.ops import OPERATORS
from rf_viz.readers.tensorflow.ops.opaque import OPAQUE
from rf_viz.readers.tensorflow.ops.stand_in import NOT_EXECUTED
from rf_viz.runtimes.tensorflow.twin.rules import RULES

WITHOUT = frozenset(
    """
    AdjustContrast AnonymousHashTable AnonymousMutableHashTable ApproxTopK AsString AudioSpectrogram
    BandedTriangularSolve BatchCholesky BatchFFT BatchFFT2D BatchFFT3D BatchIFFT BatchIFFT2D
    BatchIFFT3D BatchMatMulV3 BatchMatrixBandPart BatchMatrixDeterminant BatchMatrixDiag
    BatchMatrixDiagPart BatchMatrixInverse BatchMatrixSetDiag BatchMatrixSolve BatchMatrixSolveLs
    BatchMatrixTriangularSolve BatchSelfAdjointEig BatchSelfAdjointEigV2 BatchSvd BiasAddGrad
    Bincount Bitcast BlockLSTM BlockLSTMV2 BroadcastArgs BroadcastGradientArgs Cholesky ConcatOffset
    ConjugateTranspose Const Conv Conv2DBackpropInputV2 Conv3DBackpropInput CopyToMesh
    CopyToMeshGrad Cross CudnnRNN CudnnRNNV2 CudnnRNNV3 DataFormatDimMap DataFormatVecPermute
    DebugGradientIdentity DebugIdentity DebugIdentityV2 DebugIdentityV3 DecodeBase64 DenseBincount
    Dequantize DeviceIndex Diag DiagPart Dilation2D DynamicPartition DynamicStitch Eig EluGrad Empty
    EmptyTensorList EncodeBase64 Enter Exit ExtractGlimpse ExtractGlimpseV2 FFTND FakeParam Fill
    FusedPadConv2D FusedResizeAndPadConv2D GRUBlockCell GetDeadline GlobalIterId GraphDefVersion
    HashTable HashTableV2 HistogramFixedWidth HostConst IFFTND IRFFTND IgammaGradA
    ImageProjectiveTransformV2 ImageProjectiveTransformV3 ImmutableConst InTopK InTopKV2
    InfeedDequeue InplaceAdd InplaceSub InplaceUpdate InvGrad InvertPermutation
    IsTensorFloat32Enabled IsVariableInitialized IsotonicRegression KthOrderStatistic LSTMBlockCell
    LeakyReluGrad LinSpace ListDiff LogMatrixDeterminant LookupTableFind LookupTableFindV2 LoopCond
    LowerBound Lu MakeUnique MatrixDeterminant MatrixDiagPartV2 MatrixDiagPartV3 MatrixDiagV2
    MatrixDiagV3 MatrixExponential MatrixInverse MatrixLogarithm MatrixSetDiag MatrixSetDiagV2
    MatrixSetDiagV3 MatrixSolve MatrixSolveLs MatrixSquareRoot MatrixTriangularSolve Mfcc
    Multinomial MutableHashTable MutableHashTableV2 NextIteration NonDeterministicInts NthElement
    OnesLike ParallelConcat ParallelDynamicStitch ParameterizedTruncatedNormal Placeholder
    PlaceholderV2 Qr QuantizeDownAndShrinkRange QuantizeV2 QuantizedAdd QuantizedAvgPool
    QuantizedBatchNormWithGlobalNormalization QuantizedBiasAdd QuantizedConcat QuantizedConcatV2
    QuantizedConv2D QuantizedConv2DAndRelu QuantizedConv2DAndReluAndRequantize
    QuantizedConv2DAndRequantize QuantizedConv2DPerChannel QuantizedConv2DWithBias
    QuantizedConv2DWithBiasAndRelu QuantizedConv2DWithBiasAndReluAndRequantize
    QuantizedConv2DWithBiasAndRequantize QuantizedConv2DWithBiasSignedSumAndReluAndRequantize
    QuantizedConv2DWithBiasSumAndRelu QuantizedConv2DWithBiasSumAndReluAndRequantize
    QuantizedDepthwiseConv2D QuantizedDepthwiseConv2DWithBias
    QuantizedDepthwiseConv2DWithBiasAndRelu QuantizedDepthwiseConv2DWithBiasAndReluAndRequantize
    QuantizedInstanceNorm QuantizedMatMul QuantizedMatMulWithBias
    QuantizedMatMulWithBiasAndDequantize QuantizedMatMulWithBiasAndRelu
    QuantizedMatMulWithBiasAndReluAndRequantize QuantizedMatMulWithBiasAndRequantize
    QuantizedMaxPool QuantizedMul QuantizedRelu QuantizedRelu6 QuantizedReluX QuantizedReshape
    QuantizedResizeBilinear RFFTND RandomGamma RandomGammaGrad RandomPoisson RandomPoissonV2
    RandomShuffle RandomStandardNormal RandomUniform RandomUniformInt Range Rank ReadVariableOp
    ReciprocalGrad ReduceJoin RefEnter RefExit RefIdentity RefMerge RefNextIteration RefSelect
    RefSwitch Relayout RelayoutLike Relu6Grad ReluGrad RequantizationRange
    RequantizationRangePerChannel Requantize RequantizePerChannel ResourceGatherNd
    ResourceInitializedOp RsqrtGrad ScaleAndTranslate ScatterAdd ScatterDiv ScatterMax ScatterMin
    ScatterMul ScatterNdAdd ScatterNdMax ScatterNdMin ScatterNdNonAliasingAdd ScatterNdSub
    ScatterNdUpdate ScatterSub ScatterUpdate SegmentMax SegmentMaxV2 SegmentMean SegmentMin
    SegmentMinV2 SegmentProd SegmentProdV2 SegmentSum SegmentSumV2 SelfAdjointEig SelfAdjointEigV2
    SeluGrad Shape ShapeN SigmoidGrad Size SleepIdentityOp SoftmaxCrossEntropyWithLogits
    SoftplusGrad SoftsignGrad SparseMatMul SparseSegmentMean SparseSegmentMeanWithNumSegments
    SparseSegmentSqrtN SparseSegmentSqrtNWithNumSegments SparseSegmentSum
    SparseSegmentSumWithNumSegments SparseSoftmaxCrossEntropyWithLogits SparseTensorDenseMatMul
    SparseToDense SqrtGrad StatefulRandomBinomial StatefulStandardNormal StatefulStandardNormalV2
    StatefulTruncatedNormal StatefulUniform StatefulUniformFullInt StatefulUniformInt
    StatelessMultinomial StatelessParameterizedTruncatedNormal StatelessRandomBinomial
    StatelessRandomGammaV2 StatelessRandomGammaV3 StatelessRandomGetAlg StatelessRandomGetKeyCounter
    StatelessRandomGetKeyCounterAlg StatelessRandomNormal StatelessRandomNormalV2
    StatelessRandomPoisson StatelessRandomUniform StatelessRandomUniformFullInt
    StatelessRandomUniformFullIntV2 StatelessRandomUniformInt StatelessRandomUniformIntV2
    StatelessRandomUniformV2 StatelessShuffle StatelessTruncatedNormal StatelessTruncatedNormalV2
    StatelessWhile StaticRegexFullMatch StaticRegexReplace StridedSliceAssign StridedSliceGrad
    StringJoin StringLength StringLower StringStrip StringToHashBucket StringToHashBucketFast
    StringToHashBucketStrong StringToNumber StringUpper Svd TanhGrad TemporaryVariable
    TensorArrayConcatV3 TensorArrayGatherV3 TensorArrayReadV3 TensorArrayScatterV3 TensorArraySizeV3
    TensorArraySplitV3 TensorArrayV3 TensorArrayWriteV3 TensorListConcat TensorListConcatLists
    TensorListConcatV2 TensorListElementShape TensorListFromTensor TensorListGather
    TensorListGetItem TensorListLength TensorListPopBack TensorListPushBack TensorListReserve
    TensorListResize TensorListScatter TensorListScatterIntoExistingList TensorListScatterV2
    TensorListSetItem TensorListSplit TensorListStack TensorStridedSliceUpdate Timestamp ToBool
    TopKUnique TopKWithUnique TridiagonalMatMul TridiagonalSolve TruncatedNormal UnicodeScript
    UniformDequantize UniformQuantize UniformQuantizedAdd UniformQuantizedClipByValue
    UniformQuantizedDot UniformQuantizedDotHybrid UniformRequantize Unique UniqueV2 UniqueWithCounts
    UniqueWithCountsV2 UnravelIndex UnsortedSegmentMax UnsortedSegmentMin UnsortedSegmentProd
    UnsortedSegmentSum UpperBound VarHandleOp VarIsInitializedOp Variable VariableShape VariableV2
    Where While XlaClusterOutput XlaDynamicSlice XlaDynamicUpdateSlice XlaEinsum
    XlaOptimizationBarrier XlaReducePrecision XlaSharding XlaSort ZerosLike
    """.split()  # noqa: SIM905  (a list of these names is no easier to read)
)
"""Described ops that the twin does not follow: what lies behind one of them is not proven by it.

Constants, variables and what asks for shapes only need no rule.
"""


def test_a_described_op_without_a_rule_is_listed() -> None:
    """What no file holds is left out: ops of TensorFlow's rewriting, of RISC, and our stand-in."""
    described = {
        op
        for op in OPERATORS.keys() - OPAQUE.keys() - {NOT_EXECUTED}
        if not op.startswith(("_", "Risc"))
    }
    assert described - RULES.keys() == WITHOUT


def test_every_rule_is_for_a_described_op() -> None:
    assert RULES.keys() <= OPERATORS.keys() - OPAQUE.keys()
