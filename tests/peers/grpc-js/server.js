// The server's half of gRPC's interop cases behind grpc-js, which does not compress its answers. Its options are one JSON argument: {"cert": FILE, "key": FILE}. Prints
// {"event":"ready","port":N} and serves until its standard input ends.
import fs from 'node:fs';
import grpc from '@grpc/grpc-js';
import { withFlags } from './compressed.js';
import { echoInitial, echoTrailing, report, testing, zeros } from './services.js';

const options = JSON.parse(process.argv[2]);

// Sends the metadata asked for before the first message, and gives that for the trailers.
function echoMetadata(call) {
  const initial = call.metadata.get(echoInitial);
  if (initial.length > 0) {
    const headers = new grpc.Metadata();
    headers.set(echoInitial, initial[0]);
    call.sendMetadata(headers);
  }
  const trailers = new grpc.Metadata();
  call.metadata.get(echoTrailing).forEach((value) => trailers.add(echoTrailing, value));
  return trailers;
}

const failure = (status, metadata) => Object.assign(new Error(status.message), { code: status.code, details: status.message, metadata });

// Why a request is refused that is not compressed as it says it should be.
const mismatch = ({ expect_compressed: expected, wasCompressed }) => (expected && expected.value !== wasCompressed
  ? failure({ code: grpc.status.INVALID_ARGUMENT, message: `The request was ${wasCompressed ? '' : 'not '}compressed.` }) : null);

async function answer(call, request) {
  for (const { size, interval_us: interval } of request.response_parameters) {
    await new Promise((resolve) => { setTimeout(resolve, interval / 1000); });
    if (call.cancelled) {
      return;
    }
    await new Promise((resolve) => { call.write({ payload: zeros(size) }, resolve); });
  }
}

const service = {
  EmptyCall: (call, done) => done(null, {}, echoMetadata(call)),

  UnaryCall(call, done) {
    const trailers = echoMetadata(call);
    const { response_status: status, response_size: size } = call.request;
    const refusal = mismatch(call.request);
    if (refusal || status?.code) {
      done(refusal ?? failure(status, trailers));
    } else {
      done(null, { payload: zeros(size) }, trailers);
    }
  },

  async StreamingOutputCall(call) {
    const trailers = echoMetadata(call);
    await answer(call, call.request);
    call.end(trailers);
  },

  StreamingInputCall(call, done) {
    const trailers = echoMetadata(call);
    let size = 0;
    let refusal = null;
    call.on('data', (request) => {
      size += request.payload.body.length;
      refusal ??= mismatch(request);
    });
    call.on('end', () => (refusal ? done(refusal) : done(null, { aggregated_payload_size: size }, trailers)));
  },

  FullDuplexCall(call) {
    const trailers = echoMetadata(call);
    let last = Promise.resolve();
    call.on('data', (request) => {
      if (request.response_status?.code) {
        call.emit('error', failure(request.response_status, trailers));
      } else {
        last = last.then(() => answer(call, request));
      }
    });
    call.on('end', () => last.then(() => call.end(trailers)));
  },
};

const { UnimplementedCall, ...definition } = testing.TestService.service;
const server = new grpc.Server();
server.addService(withFlags(definition), service);
const credentials = grpc.ServerCredentials.createSsl(null, [{ cert_chain: fs.readFileSync(options.cert), private_key: fs.readFileSync(options.key) }]);
server.bindAsync('127.0.0.1:0', credentials, (error, port) => {
  if (error) {
    throw error;
  }
  report('ready', { port });
});
process.stdin.on('end', () => server.forceShutdown()).resume();
