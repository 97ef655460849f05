"""The server's half of gRPC's interop cases behind C-core gRPC, which does not tell whether a request was compressed.

Its options are one JSON argument: {"cert": FILE, "key": FILE, "descriptors": FILE}, the last a serialized
FileDescriptorSet with the interop services. Prints {"event":"ready","port":N} and serves until its standard input ends.
"""
import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

OPTIONS = json.loads(sys.argv[1])
INITIAL = "x-grpc-test-echo-initial"
TRAILING = "x-grpc-test-echo-trailing-bin"

POOL = descriptor_pool.DescriptorPool()
with open(OPTIONS["descriptors"], "rb") as file:
    for proto in descriptor_pb2.FileDescriptorSet.FromString(file.read()).file:
        POOL.Add(proto)
FACTORY = message_factory.MessageFactory(POOL)


def message(name):
    return FACTORY.GetPrototype(POOL.FindMessageTypeByName("grpc.testing." + name))


Empty = message("Empty")
SimpleRequest, SimpleResponse = message("SimpleRequest"), message("SimpleResponse")
InputRequest, InputResponse = message("StreamingInputCallRequest"), message("StreamingInputCallResponse")
OutputRequest, OutputResponse = message("StreamingOutputCallRequest"), message("StreamingOutputCallResponse")


def begin(context, compresses=False):
    """What comes before any message: the compression of the response, and the metadata asked for."""
    if compresses:
        context.set_compression(grpc.Compression.Gzip)
    asked = context.invocation_metadata()
    initial = [entry for entry in asked if entry.key == INITIAL]
    if initial:
        context.send_initial_metadata(initial)
    context.set_trailing_metadata([entry for entry in asked if entry.key == TRAILING])


def end_as_asked(status, context):
    if status.code:
        context.abort(next(code for code in grpc.StatusCode if code.value[0] == status.code), status.message)


def answers(request, context, ended):
    for parameters in request.response_parameters:
        if ended.wait(parameters.interval_us / 1e6):
            return
        if not parameters.compressed.value:
            context.disable_next_message_compression()
        yield OutputResponse(payload={"body": bytes(parameters.size)})


def empty(request, context):
    begin(context)
    return Empty()


def unary(request, context):
    begin(context, request.response_compressed.value)
    end_as_asked(request.response_status, context)
    return SimpleResponse(payload={"body": bytes(request.response_size)})


def streaming_input(requests, context):
    begin(context)
    return InputResponse(aggregated_payload_size=sum(len(request.payload.body) for request in requests))


def streaming_output(request, context):
    begin(context, any(parameters.compressed.value for parameters in request.response_parameters))
    ended = threading.Event()
    context.add_callback(ended.set)
    yield from answers(request, context, ended)


def full_duplex(requests, context):
    begin(context)
    ended = threading.Event()
    context.add_callback(ended.set)
    for request in requests:
        end_as_asked(request.response_status, context)
        yield from answers(request, context, ended)


def handler(make, behavior, request, response):
    return make(behavior, request_deserializer=request.FromString, response_serializer=response.SerializeToString)


SERVER = grpc.server(ThreadPoolExecutor(max_workers=16))
SERVER.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("grpc.testing.TestService", {
    "EmptyCall": handler(grpc.unary_unary_rpc_method_handler, empty, Empty, Empty),
    "UnaryCall": handler(grpc.unary_unary_rpc_method_handler, unary, SimpleRequest, SimpleResponse),
    "StreamingInputCall": handler(grpc.stream_unary_rpc_method_handler, streaming_input, InputRequest, InputResponse),
    "StreamingOutputCall": handler(grpc.unary_stream_rpc_method_handler, streaming_output, OutputRequest, OutputResponse),
    "FullDuplexCall": handler(grpc.stream_stream_rpc_method_handler, full_duplex, OutputRequest, OutputResponse),
})])
with open(OPTIONS["key"], "rb") as key, open(OPTIONS["cert"], "rb") as chain:
    CREDENTIALS = grpc.ssl_server_credentials([(key.read(), chain.read())])
PORT = SERVER.add_secure_port("127.0.0.1:0", CREDENTIALS)
SERVER.start()
print(json.dumps({"event": "ready", "port": PORT}), flush=True)
sys.stdin.read()
SERVER.stop(0).wait()
