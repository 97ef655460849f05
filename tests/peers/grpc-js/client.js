// gRPC's interop cases as grpc-js makes them, against one server. Its options are one JSON argument:
// {"port": N, "ca": FILE}. Prints {"event":"passed","case":NAME} for each case and exits with 0; exits with 1 when
// anything is not as it should be, with the reason on standard error.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import grpc from '@grpc/grpc-js';
import health from 'grpc-health-check';
import loader from '@grpc/proto-loader';
import { echoInitial, echoTrailing, reflection, report, testing, zeros } from './services.js';

const options = JSON.parse(process.argv[2]);
const credentials = grpc.credentials.createSsl(fs.readFileSync(options.ca));
const target = `127.0.0.1:${options.port}`;
const clients = [];
const connect = (Client, channelOptions = {}) => {
  const client = new Client(target, credentials, channelOptions);
  clients.push(client);
  return client;
};
const client = connect(testing.TestService);
const gzip = connect(testing.TestService, { 'grpc.default_compression_algorithm': grpc.compressionAlgorithms.gzip });
const deflate = connect(testing.TestService, { 'grpc.default_compression_algorithm': grpc.compressionAlgorithms.deflate });

const requestSizes = [27182, 8, 1828, 45904];
const responseSizes = [31415, 9, 2653, 58979];
const ask = (size, payload, more = {}) => ({ response_parameters: [{ size, ...more }], payload: zeros(payload) });

// Calls a unary method and gives everything that came of it.
const unary = (on, method, request, metadata = new grpc.Metadata(), callOptions = {}) => new Promise((resolve) => {
  const seen = {};
  const call = on[method](request, metadata, callOptions, (error, response) => { seen.error = error; seen.response = response; });
  call.on('metadata', (headers) => { seen.headers = headers; });
  call.on('status', (status) => { seen.status = status; setImmediate(() => resolve(seen)); });
});

// Collects a stream of responses until its status.
const collect = (call) => new Promise((resolve) => {
  const seen = { responses: [] };
  call.on('data', (response) => seen.responses.push(response));
  call.on('metadata', (headers) => { seen.headers = headers; });
  call.on('error', () => {});
  call.on('status', (status) => { seen.status = status; setImmediate(() => resolve(seen)); });
});

const sizesOf = (seen) => seen.responses.map((response) => response.payload.body.length);

async function largeUnary() {
  const seen = await unary(client, 'UnaryCall', { response_size: 314159, payload: zeros(271828) });
  assert.equal(seen.status.code, grpc.status.OK, seen.status.details);
  assert.ok(seen.response.payload.body.equals(Buffer.alloc(314159)));
}

async function clientStream(on, requests) {
  const outcome = new Promise((resolve) => {
    const call = on.StreamingInputCall((error, response) => resolve({ error, response }));
    requests.forEach((request) => call.write(request));
    call.end();
  });
  return outcome;
}

const cases = {
  async empty_unary() {
    const seen = await unary(client, 'EmptyCall', {});
    assert.equal(seen.status.code, grpc.status.OK, seen.status.details);
    assert.deepEqual({ ...seen.response }, {});
  },

  large_unary: largeUnary,

  async client_compressed_unary() {
    const request = (expected) => ({ expect_compressed: { value: expected }, response_size: 314159, payload: zeros(271828) });
    assert.equal((await unary(client, 'UnaryCall', request(true))).status.code, grpc.status.INVALID_ARGUMENT);
    for (const [on, expected] of [[gzip, true], [deflate, true], [client, false]]) {
      const seen = await unary(on, 'UnaryCall', request(expected));
      assert.equal(seen.status.code, grpc.status.OK, seen.status.details);
      assert.equal(seen.response.payload.body.length, 314159);
    }
  },

  async server_compressed_unary() {
    for (const value of [true, false]) {
      const seen = await unary(client, 'UnaryCall', { response_compressed: { value }, response_size: 314159, payload: zeros(271828) });
      assert.equal(seen.status.code, grpc.status.OK, seen.status.details);
      assert.equal(seen.response.payload.body.length, 314159);
    }
  },

  async client_streaming() {
    const { error, response } = await clientStream(client, requestSizes.map((size) => ({ payload: zeros(size) })));
    assert.equal(error, null);
    assert.equal(response.aggregated_payload_size, 74922);
  },

  async client_compressed_streaming() {
    const request = (value, size) => ({ expect_compressed: { value }, payload: zeros(size) });
    const probe = await clientStream(client, [request(true, 27182)]);
    assert.equal(probe.error.code, grpc.status.INVALID_ARGUMENT);
    const compressed = await clientStream(gzip, [request(true, 27182), request(true, 45904)]);
    assert.equal(compressed.response.aggregated_payload_size, 73086);
    const plain = await clientStream(client, [request(false, 27182), request(false, 45904)]);
    assert.equal(plain.response.aggregated_payload_size, 73086);
  },

  async server_streaming() {
    const seen = await collect(client.StreamingOutputCall({ response_parameters: responseSizes.map((size) => ({ size })) }));
    assert.equal(seen.status.code, grpc.status.OK, seen.status.details);
    assert.deepEqual(sizesOf(seen), responseSizes);
  },

  async server_compressed_streaming() {
    const seen = await collect(client.StreamingOutputCall({
      response_parameters: [{ compressed: { value: true }, size: 31415 }, { compressed: { value: false }, size: 92653 }],
    }));
    assert.equal(seen.status.code, grpc.status.OK, seen.status.details);
    assert.deepEqual(sizesOf(seen), [31415, 92653]);
  },

  async ping_pong() {
    const call = client.FullDuplexCall();
    const end = collect(call);
    for (let i = 0; i < requestSizes.length; i++) {
      const answer = new Promise((resolve) => { call.once('data', resolve); });
      call.write(ask(responseSizes[i], requestSizes[i]));
      assert.equal((await answer).payload.body.length, responseSizes[i]);
    }
    call.end();
    const seen = await end;
    assert.equal(seen.status.code, grpc.status.OK, seen.status.details);
    assert.deepEqual(sizesOf(seen), responseSizes);
  },

  async empty_stream() {
    const call = client.FullDuplexCall();
    const end = collect(call);
    call.end();
    const seen = await end;
    assert.equal(seen.status.code, grpc.status.OK, seen.status.details);
    assert.equal(seen.responses.length, 0);
  },

  async custom_metadata() {
    const metadata = new grpc.Metadata();
    metadata.set(echoInitial, 'test_initial_metadata_value');
    metadata.set(echoTrailing, Buffer.from([0xab, 0xab, 0xab]));
    const call = client.FullDuplexCall(metadata);
    const end = collect(call);
    call.write(ask(314159, 271828));
    call.end();
    for (const seen of [await unary(client, 'UnaryCall', { response_size: 314159, payload: zeros(271828) }, metadata), await end]) {
      assert.equal(seen.status.code, grpc.status.OK, seen.status.details);
      assert.deepEqual(seen.headers.get(echoInitial), ['test_initial_metadata_value']);
      assert.deepEqual(seen.status.metadata.get(echoTrailing), [Buffer.from([0xab, 0xab, 0xab])]);
    }
  },

  async status_code_and_message() {
    const response_status = { code: 2, message: 'test status message' };
    const call = client.FullDuplexCall();
    const end = collect(call);
    call.write({ response_status });
    call.end();
    for (const seen of [await unary(client, 'UnaryCall', { response_status }), await end]) {
      assert.equal(seen.status.code, 2);
      assert.equal(seen.status.details, 'test status message');
    }
  },

  async special_status_message() {
    const message = '\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n';
    const seen = await unary(client, 'UnaryCall', { response_status: { code: 2, message } });
    assert.equal(seen.status.code, 2);
    assert.equal(seen.status.details, message);
  },

  async unimplemented_method() {
    assert.equal((await unary(client, 'UnimplementedCall', {})).status.code, grpc.status.UNIMPLEMENTED);
  },

  async unimplemented_service() {
    assert.equal((await unary(connect(testing.UnimplementedService), 'UnimplementedCall', {})).status.code, grpc.status.UNIMPLEMENTED);
  },

  async cancel_after_begin() {
    const error = await new Promise((resolve) => { client.StreamingInputCall(resolve).cancel(); });
    assert.equal(error.code, grpc.status.CANCELLED);
  },

  async cancel_after_first_response() {
    const call = client.FullDuplexCall();
    const end = collect(call);
    call.write(ask(31415, 27182));
    call.once('data', () => call.cancel());
    assert.equal((await end).status.code, grpc.status.CANCELLED);
  },

  async timeout_on_sleeping_server() {
    const call = client.FullDuplexCall(new grpc.Metadata(), { deadline: Date.now() + 50 });
    const end = collect(call);
    call.write(ask(31415, 27182, { interval_us: 60_000_000 }));
    assert.equal((await end).status.code, grpc.status.DEADLINE_EXCEEDED);
  },

  async concurrent_large_unary() {
    await Promise.all(Array.from({ length: 50 }, largeUnary));
  },

  async health_check() {
    const definition = grpc.loadPackageDefinition(loader.loadSync(health.protoPath, { enums: String }));
    const checker = connect(definition.grpc.health.v1.Health);
    assert.equal((await unary(checker, 'Check', { service: '' })).response.status, 'SERVING');
    assert.equal((await unary(checker, 'Check', { service: 'no.such' })).status.code, grpc.status.NOT_FOUND);
    const watch = checker.Watch({ service: 'no.such' });
    watch.on('error', () => {});
    assert.equal((await new Promise((resolve) => { watch.once('data', resolve); })).status, 'SERVICE_UNKNOWN');
    watch.cancel();
  },

  async server_reflection() {
    const call = connect(reflection.v1.ServerReflection).ServerReflectionInfo();
    const end = collect(call);
    call.write({ list_services: '' });
    call.write({ file_containing_symbol: 'grpc.testing.TestService' });
    call.end();
    const [services, files] = (await end).responses;
    assert.ok(services.list_services_response.service.some((service) => service.name === 'grpc.testing.TestService'));
    // test.proto and the two files that it needs.
    assert.equal(files.file_descriptor_response.file_descriptor_proto.length, 3);
  },
};

for (const [name, run] of Object.entries(cases)) {
  try {
    await run();
  } catch (error) {
    throw new Error(`${name}: ${error.stack}`);
  }
  report('passed', { case: name });
}
clients.forEach((one) => one.close());
// A call that was cancelled before its requests ended keeps grpc-js waiting, whoever serves.
process.exit(0);
