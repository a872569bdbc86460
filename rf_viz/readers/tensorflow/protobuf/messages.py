"""TensorFlow's messages that hold graphs, as classes that need no TensorFlow to read a file.

The table below gives the fields that graphs are made of, by name, number and type, as in
tensorflow/core/framework/*.proto and tensorflow/core/protobuf/*.proto. Other fields are kept as
they came. The classes live in a pool of their own, apart from those that TensorFlow itself loads;
``GraphDef.FromString(theirs.SerializeToString())`` takes a graph over.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_SCALARS = {
    "double": 1, "float": 2, "int64": 3, "uint64": 4, "int32": 5, "bool": 8, "string": 9,
    "bytes": 12, "uint32": 13,
}  # fmt: skip

_TYPES = (
    "INVALID", "FLOAT", "DOUBLE", "INT32", "UINT8", "INT16", "INT8", "STRING", "COMPLEX64",
    "INT64", "BOOL", "QINT8", "QUINT8", "QINT32", "BFLOAT16", "QINT16", "QUINT16", "UINT16",
    "COMPLEX128", "HALF", "RESOURCE", "VARIANT", "UINT32", "UINT64", "FLOAT8_E5M2",
    "FLOAT8_E4M3FN", "FLOAT8_E4M3FNUZ", "FLOAT8_E4M3B11FNUZ", "FLOAT8_E5M2FNUZ", "INT4", "UINT4",
    "INT2", "UINT2", "FLOAT4_E2M1FN",
)  # fmt: skip
"""The names of the values of the enumeration DataType, from 0 on."""

REFERENCE = 100
"""Number added to a type for a reference to a variable of that type."""

MESSAGES = {
    "GraphDef": "NodeDef* node 1, FunctionDefLibrary library 2, int32 version 3, "
    "VersionDef versions 4",
    "VersionDef": "int32 producer 1, int32 min_consumer 2, int32* bad_consumers 3",
    "NodeDef": "string name 1, string op 2, string* input 3, string device 4, AttrValue{} attr 5",
    "AttrValue": "AttrList? list 1, bytes? s 2, int64? i 3, float? f 4, bool? b 5, "
    "DataType? type 6, TensorShapeProto? shape 7, TensorProto? tensor 8, string? placeholder 9, "
    "NameAttrList? func 10",
    "AttrList": "bytes* s 2, int64* i 3, float* f 4, bool* b 5, DataType* type 6, "
    "TensorShapeProto* shape 7, TensorProto* tensor 8, NameAttrList* func 9",
    "NameAttrList": "string name 1, AttrValue{} attr 2",
    "TensorShapeProto": "Dim* dim 2, bool unknown_rank 3",
    "Dim": "int64 size 1, string name 2",
    "TensorProto": "DataType dtype 1, TensorShapeProto tensor_shape 2, int32 version_number 3, "
    "bytes tensor_content 4, float* float_val 5, double* double_val 6, int32* int_val 7, "
    "bytes* string_val 8, float* scomplex_val 9, int64* int64_val 10, bool* bool_val 11, "
    "double* dcomplex_val 12, int32* half_val 13, uint32* uint32_val 16, uint64* uint64_val 17, "
    "bytes float8_val 18",
    "FunctionDefLibrary": "FunctionDef* function 1, GradientDef* gradient 2",
    "GradientDef": "string function_name 1, string gradient_func 2",
    "FunctionDef": "OpDef signature 1, NodeDef* node_def 3, string{} ret 4, AttrValue{} attr 5, "
    "string{} control_ret 6",
    "OpDef": "string name 1, ArgDef* input_arg 2, ArgDef* output_arg 3, AttrDef* attr 4, "
    "string summary 5, string description 6, bool is_aggregate 16, bool is_stateful 17, "
    "bool is_commutative 18, bool allows_uninitialized_input 19, string* control_output 20, "
    "bool is_distributed_communication 21",
    "ArgDef": "string name 1, string description 2, DataType type 3, string type_attr 4, "
    "string number_attr 5, string type_list_attr 6, bool is_ref 16",
    "AttrDef": "string name 1, string type 2, AttrValue default_value 3, string description 4, "
    "bool has_minimum 5, int64 minimum 6, AttrValue allowed_values 7",
    "OpList": "OpDef* op 1",
    "SavedModel": "int64 saved_model_schema_version 1, MetaGraphDef* meta_graphs 2",
    "MetaGraphDef": "MetaInfoDef meta_info_def 1, GraphDef graph_def 2, SaverDef saver_def 3, "
    "SignatureDef{} signature_def 5",
    "SaverDef": "string filename_tensor_name 1, string save_tensor_name 2, "
    "string restore_op_name 3",
    "MetaInfoDef": "string meta_graph_version 1, OpList stripped_op_list 2, string* tags 4, "
    "string tensorflow_version 5",
    "SignatureDef": "TensorInfo{} inputs 1, TensorInfo{} outputs 2, string method_name 3",
    "TensorInfo": "string name 1, DataType dtype 2, TensorShapeProto tensor_shape 3",
}
"""The fields of each message: type, name and number. ``*`` marks what is repeated, ``{}`` a map
from names, ``?`` one of several of which a message has one."""


def _classes() -> dict[str, Any]:
    """The classes of the messages, by name."""
    file = descriptor_pb2.FileDescriptorProto(
        name="rf_viz/tensorflow.proto", package="tensorflow", syntax="proto3"
    )
    kinds = file.enum_type.add(name="DataType")
    for number, word in enumerate(_TYPES):
        kinds.value.add(name=f"DT_{word}", number=number)
        if number:
            kinds.value.add(name=f"DT_{word}_REF", number=REFERENCE + number)
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field in fields.split(", "):
            kind, label, at = field.split()
            _add(message, kind, label, int(at))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"tensorflow.{name}"))
        for name in MESSAGES
    }


def _add(message: descriptor_pb2.DescriptorProto, kind: str, name: str, number: int) -> None:
    """Add a field to a message; ``kind`` is its type, marked as in the table."""
    repeated = kind.endswith(("*", "{}"))
    field = message.field.add(name=name, number=number, label=3 if repeated else 1)
    bare = kind.rstrip("*?{}")
    if kind.endswith("?"):
        if not message.oneof_decl:
            message.oneof_decl.add(name="value")
        field.oneof_index = 0
    if kind.endswith("{}"):
        entry = message.nested_type.add(name=f"{name.title().replace('_', '')}Entry")
        entry.options.map_entry = True
        _add(entry, "string", "key", 1)
        _add(entry, bare, "value", 2)
        bare = f"{message.name}.{entry.name}"
    if bare in _SCALARS:
        field.type = _SCALARS[bare]
    else:
        field.type = 14 if bare == "DataType" else 11
        field.type_name = f".tensorflow.{bare}"


_CLASSES = _classes()
GraphDef: Any = _CLASSES["GraphDef"]
NodeDef: Any = _CLASSES["NodeDef"]
AttrValue: Any = _CLASSES["AttrValue"]
TensorProto: Any = _CLASSES["TensorProto"]
VersionDef: Any = _CLASSES["VersionDef"]
FunctionDef: Any = _CLASSES["FunctionDef"]
FunctionDefLibrary: Any = _CLASSES["FunctionDefLibrary"]
MetaGraphDef: Any = _CLASSES["MetaGraphDef"]
SavedModel: Any = _CLASSES["SavedModel"]
