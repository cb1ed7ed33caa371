"""Messages of TensorFlow Serving that its Python package lacks, made from their published definitions."""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, wrappers_pb2

_Field = descriptor_pb2.FieldDescriptorProto
_WRAPPED = ("max_batch_size", "batch_timeout_micros", "max_enqueued_batches", "num_batch_threads")


def _made() -> Any:
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    file = descriptor_pb2.FileDescriptorProto(
        name="serving_configuration.proto",
        package="tensorflow.serving",
        syntax="proto3",
        dependency=["google/protobuf/wrappers.proto"],
    )
    batching = file.message_type.add(name="BatchingParameters")
    for number, name in enumerate(_WRAPPED, 1):
        batching.field.add(
            name=name,
            number=number,
            type=_Field.TYPE_MESSAGE,
            type_name=".google.protobuf.Int64Value",
            label=_Field.LABEL_OPTIONAL,
        )
    prometheus = file.message_type.add(name="PrometheusConfig")
    prometheus.field.add(name="enable", number=1, type=_Field.TYPE_BOOL, label=_Field.LABEL_OPTIONAL)
    prometheus.field.add(name="path", number=2, type=_Field.TYPE_STRING, label=_Field.LABEL_OPTIONAL)
    file.message_type.add(name="MonitoringConfig").field.add(
        name="prometheus_config",
        number=1,
        type=_Field.TYPE_MESSAGE,
        type_name=".tensorflow.serving.PrometheusConfig",
        label=_Field.LABEL_OPTIONAL,
    )
    pool.Add(file)
    return pool


_POOL = _made()
BatchingParameters, MonitoringConfig = (
    message_factory.MessageFactory(_POOL).GetPrototype(
        _POOL.FindMessageTypeByName(f"tensorflow.serving.{name}")
    )
    if not hasattr(message_factory, "GetMessageClass")
    else message_factory.GetMessageClass(_POOL.FindMessageTypeByName(f"tensorflow.serving.{name}"))
    for name in ("BatchingParameters", "MonitoringConfig")
)
