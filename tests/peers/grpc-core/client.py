"""gRPC's interop cases as C-core gRPC makes them, against one server.

Its options are one JSON argument: {"port": N, "ca": FILE, "descriptors": FILE}, the last a serialized FileDescriptorSet
with the interop, health and reflection services. Prints {"event":"passed","case":NAME} for each case and exits with 0;
exits with 1 when anything is not as it should be, with the reason on standard error.
"""
import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

OPTIONS = json.loads(sys.argv[1])
LIMIT = 30
INITIAL = "x-grpc-test-echo-initial"
TRAILING = "x-grpc-test-echo-trailing-bin"
REQUEST_SIZES = [27182, 8, 1828, 45904]
RESPONSE_SIZES = [31415, 9, 2653, 58979]

POOL = descriptor_pool.DescriptorPool()
with open(OPTIONS["descriptors"], "rb") as file:
    for proto in descriptor_pb2.FileDescriptorSet.FromString(file.read()).file:
        POOL.Add(proto)
FACTORY = message_factory.MessageFactory(POOL)


def message(name):
    return FACTORY.GetPrototype(POOL.FindMessageTypeByName(name))


SimpleRequest = message("grpc.testing.SimpleRequest")
InputRequest = message("grpc.testing.StreamingInputCallRequest")
OutputRequest = message("grpc.testing.StreamingOutputCallRequest")
Empty = message("grpc.testing.Empty")

with open(OPTIONS["ca"], "rb") as file:
    CHANNEL = grpc.secure_channel("127.0.0.1:%d" % OPTIONS["port"], grpc.ssl_channel_credentials(file.read()))


def method(service, name):
    """A callable for a method, of the kind that its descriptor says."""
    found = POOL.FindServiceByName(service).FindMethodByName(name)
    proto = descriptor_pb2.MethodDescriptorProto()
    found.CopyToProto(proto)
    kind = "%s_%s" % ("stream" if proto.client_streaming else "unary", "stream" if proto.server_streaming else "unary")
    request, response = FACTORY.GetPrototype(found.input_type), FACTORY.GetPrototype(found.output_type)
    return getattr(CHANNEL, kind)("/%s/%s" % (service, name), request.SerializeToString, response.FromString)


def test(name):
    return method("grpc.testing.TestService", name)


def refused(call):
    """The error that a call ends with."""
    try:
        call()
    except grpc.RpcError as error:
        return error
    raise AssertionError("the call succeeded")


def simple(**more):
    request = SimpleRequest(response_size=314159, **more)
    request.payload.body = bytes(271828)
    return request


def ask(size, payload, interval=0, compressed=None):
    request = OutputRequest()
    request.payload.body = bytes(payload)
    parameters = request.response_parameters.add(size=size, interval_us=interval)
    if compressed is not None:
        parameters.compressed.value = compressed
    return request


def sizes(responses):
    return [len(response.payload.body) for response in responses]


def empty_unary():
    assert test("EmptyCall")(Empty(), timeout=LIMIT) == Empty()


def large_unary():
    assert test("UnaryCall")(simple(), timeout=LIMIT).payload.body == bytes(314159)


def client_compressed_unary():
    call = test("UnaryCall")
    request = simple()
    request.expect_compressed.value = True
    assert refused(lambda: call(request, timeout=LIMIT)).code() == grpc.StatusCode.INVALID_ARGUMENT
    for compression in (grpc.Compression.Gzip, grpc.Compression.Deflate):
        assert len(call(request, timeout=LIMIT, compression=compression).payload.body) == 314159
    request.expect_compressed.value = False
    assert len(call(request, timeout=LIMIT, compression=grpc.Compression.NoCompression).payload.body) == 314159


def server_compressed_unary():
    for compressed in (True, False):
        request = simple()
        request.response_compressed.value = compressed
        assert len(test("UnaryCall")(request, timeout=LIMIT).payload.body) == 314159


def inputs(*requests):
    for size, compressed in requests:
        request = InputRequest()
        request.payload.body = bytes(size)
        if compressed is not None:
            request.expect_compressed.value = compressed
        yield request


def client_streaming():
    response = test("StreamingInputCall")(inputs(*[(size, None) for size in REQUEST_SIZES]), timeout=LIMIT)
    assert response.aggregated_payload_size == 74922


def client_compressed_streaming():
    call = test("StreamingInputCall")
    error = refused(lambda: call(inputs((27182, True)), timeout=LIMIT))
    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
    compressed = call(inputs((27182, True), (45904, True)), timeout=LIMIT, compression=grpc.Compression.Gzip)
    assert compressed.aggregated_payload_size == 73086
    assert call(inputs((27182, False), (45904, False)), timeout=LIMIT).aggregated_payload_size == 73086


def server_streaming():
    request = OutputRequest()
    for size in RESPONSE_SIZES:
        request.response_parameters.add(size=size)
    assert sizes(test("StreamingOutputCall")(request, timeout=LIMIT)) == RESPONSE_SIZES


def server_compressed_streaming():
    request = ask(31415, 0, compressed=True)
    request.response_parameters.add(size=92653).compressed.value = False
    assert sizes(test("StreamingOutputCall")(request, timeout=LIMIT)) == [31415, 92653]


class Requests:
    """Requests that are handed over one by one while the call runs."""

    def __init__(self):
        self._condition = threading.Condition()
        self._waiting = []
        self._ended = False

    def send(self, request):
        with self._condition:
            self._waiting.append(request)
            self._condition.notify()

    def end(self):
        with self._condition:
            self._ended = True
            self._condition.notify()

    def __iter__(self):
        return self

    def __next__(self):
        with self._condition:
            self._condition.wait_for(lambda: self._waiting or self._ended, LIMIT)
            if not self._waiting:
                raise StopIteration
            return self._waiting.pop(0)


def ping_pong():
    requests = Requests()
    call = test("FullDuplexCall")(requests, timeout=LIMIT)
    for request, response in zip(REQUEST_SIZES, RESPONSE_SIZES):
        requests.send(ask(response, request))
        assert len(next(call).payload.body) == response
    requests.end()
    assert not list(call)
    assert call.code() == grpc.StatusCode.OK


def empty_stream():
    call = test("FullDuplexCall")(iter(()), timeout=LIMIT)
    assert not list(call)
    assert call.code() == grpc.StatusCode.OK


def custom_metadata():
    metadata = ((INITIAL, "test_initial_metadata_value"), (TRAILING, b"\xab\xab\xab"))
    _, unary = test("UnaryCall").with_call(simple(), timeout=LIMIT, metadata=metadata)
    duplex = test("FullDuplexCall")(iter((ask(314159, 271828),)), timeout=LIMIT, metadata=metadata)
    assert sizes(duplex) == [314159]
    for call in (unary, duplex):
        assert (INITIAL, "test_initial_metadata_value") in [tuple(entry) for entry in call.initial_metadata()]
        assert (TRAILING, b"\xab\xab\xab") in [tuple(entry) for entry in call.trailing_metadata()]


def expect_status(text):
    request = simple()
    request.response_status.code = 2
    request.response_status.message = text
    stream = OutputRequest()
    stream.response_status.CopyFrom(request.response_status)
    for error in (refused(lambda: test("UnaryCall")(request, timeout=LIMIT)),
                  refused(lambda: list(test("FullDuplexCall")(iter((stream,)), timeout=LIMIT)))):
        assert error.code() == grpc.StatusCode.UNKNOWN
        assert error.details() == text


def status_code_and_message():
    expect_status("test status message")


def special_status_message():
    expect_status("\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \U0001f608\t\n")


def unimplemented_method():
    assert refused(lambda: test("UnimplementedCall")(Empty(), timeout=LIMIT)).code() == grpc.StatusCode.UNIMPLEMENTED


def unimplemented_service():
    call = method("grpc.testing.UnimplementedService", "UnimplementedCall")
    assert refused(lambda: call(Empty(), timeout=LIMIT)).code() == grpc.StatusCode.UNIMPLEMENTED


def cancel_after_begin():
    requests = Requests()
    call = test("StreamingInputCall").future(requests, timeout=LIMIT)
    call.cancel()
    requests.end()
    assert call.cancelled()
    assert call.code() == grpc.StatusCode.CANCELLED


def cancel_after_first_response():
    requests = Requests()
    call = test("FullDuplexCall")(requests, timeout=LIMIT)
    requests.send(ask(31415, 27182))
    next(call)
    call.cancel()
    requests.end()
    assert call.code() == grpc.StatusCode.CANCELLED


def timeout_on_sleeping_server():
    requests = Requests()
    call = test("FullDuplexCall")(requests, timeout=0.05)
    requests.send(ask(31415, 27182, interval=60000000))
    assert refused(lambda: next(call)).code() == grpc.StatusCode.DEADLINE_EXCEEDED
    requests.end()


def concurrent_large_unary():
    with ThreadPoolExecutor(50) as threads:
        for future in [threads.submit(large_unary) for _ in range(50)]:
            future.result(LIMIT)


def health_check():
    request = message("grpc.health.v1.HealthCheckRequest")
    check = method("grpc.health.v1.Health", "Check")
    assert check(request(), timeout=LIMIT).status == 1
    assert refused(lambda: check(request(service="no.such"), timeout=LIMIT)).code() == grpc.StatusCode.NOT_FOUND
    watch = method("grpc.health.v1.Health", "Watch")(request(service="no.such"), timeout=LIMIT)
    assert next(watch).status == 3
    watch.cancel()


def server_reflection():
    request = message("grpc.reflection.v1.ServerReflectionRequest")
    info = method("grpc.reflection.v1.ServerReflection", "ServerReflectionInfo")
    services, files = info(iter((request(list_services=""), request(file_containing_symbol="grpc.testing.TestService.UnaryCall"))), timeout=LIMIT)
    assert "grpc.testing.TestService" in [service.name for service in services.list_services_response.service]
    names = [descriptor_pb2.FileDescriptorProto.FromString(proto).name for proto in files.file_descriptor_response.file_descriptor_proto]
    assert names == ["grpc/testing/test.proto", "grpc/testing/empty.proto", "grpc/testing/messages.proto"], names


for case in (empty_unary, large_unary, client_compressed_unary, server_compressed_unary, client_streaming, client_compressed_streaming,
             server_streaming, server_compressed_streaming, ping_pong, empty_stream, custom_metadata, status_code_and_message,
             special_status_message, unimplemented_method, unimplemented_service, cancel_after_begin, cancel_after_first_response,
             timeout_on_sleeping_server, concurrent_large_unary, health_check, server_reflection):
    try:
        case()
    except Exception as exception:
        raise AssertionError("%s failed" % case.__name__) from exception
    print(json.dumps({"event": "passed", "case": case.__name__}), flush=True)
CHANNEL.close()
