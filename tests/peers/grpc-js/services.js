// What client and server share: the interop services out of the tests' own .proto files.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';

const here = path.dirname(fileURLToPath(import.meta.url));
const load = (directory, file) => grpc.loadPackageDefinition(loader.loadSync(file, {
  includeDirs: [path.join(here, '..', '..', '..', directory)], keepCase: true, longs: Number, defaults: true, oneofs: true,
}));

export const { testing } = load('tests/Net.IntegrationTests/Grpc/Protos', 'grpc/testing/test.proto').grpc;
export const { reflection } = load('src/Net.Grpc/Protos', 'grpc/reflection/v1/reflection.proto').grpc;
export const report = (event, rest = {}) => console.log(JSON.stringify({ event, ...rest }));
export const zeros = (size) => ({ type: 'COMPRESSABLE', body: Buffer.alloc(size) });
export const echoInitial = 'x-grpc-test-echo-initial';
export const echoTrailing = 'x-grpc-test-echo-trailing-bin';
