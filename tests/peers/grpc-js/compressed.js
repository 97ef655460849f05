// Tells which request messages came compressed, which grpc-js knows and has no word for: where it inflates a message it
// is told the encoding, 'identity' for one whose flag is 0, and gives the bytes that it then has parsed.
import interceptors from '@grpc/grpc-js/build/src/server-interceptors.js';

const { prototype } = interceptors.BaseServerInterceptingCall;
const inflate = prototype.decompressMessage;
if (typeof inflate !== 'function') {
  throw new Error('This version of grpc-js inflates messages elsewhere; see compressed.js.');
}

const inflated = new WeakSet();
prototype.decompressMessage = async function decompressMessage(message, encoding) {
  const bytes = await inflate.call(this, message, encoding);
  if (encoding !== 'identity') {
    inflated.add(bytes);
  }
  return bytes;
};

// The methods of a service, with `wasCompressed` on each request.
export const withFlags = (definition) => Object.fromEntries(Object.entries(definition).map(([name, method]) => [name, {
  ...method, requestDeserialize: (bytes) => Object.assign(method.requestDeserialize(bytes), { wasCompressed: inflated.has(bytes) }),
}]));
