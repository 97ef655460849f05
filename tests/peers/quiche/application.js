// The small application that both ends of the interop tests speak over raw streams. The first byte of a stream says
// what its other end shall do with the rest:
//
//   e BYTES      send the bytes back as they come, FIN after FIN; when the peer aborts one direction, abort the other
//                with the same code
//   d BYTES      wait for FIN, then answer with their SHA-256
//   b BYTES      wait for FIN, open a stream of one's own, ask the peer for the digest there, pass its answer on here
//   r CODE       reset the answering side with the code (4 bytes, big endian)
//   s CODE       stop reading with the code; the answering side ends with FIN
//   c CODE TEXT  close the connection with the code and the text
//
// On a unidirectional stream only d makes sense: the digest comes back on a unidirectional stream of the other end's,
// which begins with a and has nothing to answer.
import crypto from 'node:crypto';
import { StreamError } from './connection.js';

export const digest = (data) => crypto.createHash('sha256').update(data).digest();

export const report = (event) => process.stdout.write(JSON.stringify(event) + '\n');

export function request(kind, data = Buffer.alloc(0)) {
  return Buffer.concat([Buffer.from(kind), data]);
}

export function code(number) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number);
  return bytes;
}

// Serves every stream that the peer opens. Unidirectional answers go to onAnswer.
export function serve(connection, onAnswer = () => {}) {
  connection.on('stream', (stream) => {
    serveStream(connection, stream, onAnswer).catch((error) => {
      if (error instanceof StreamError) {
        report({ event: error.kind, stream: stream.id, code: error.code });
        if (error.kind === 'reset') stream.reset(error.code);
        else stream.stopReading(error.code);
      } else if (!connection.over) report({ event: 'error', stream: stream.id, message: error.message });
    });
  });
}

async function serveStream(connection, stream, onAnswer) {
  const first = await stream.read();
  if (first === null) return;
  const kind = String.fromCharCode(first[0]);
  const rest = first.subarray(1);
  switch (kind) {
    case 'e':
      await echo(stream, rest);
      break;
    case 'd':
      await answerDigest(connection, stream, Buffer.concat([rest, await stream.readAll()]));
      break;
    case 'b':
      await stream.write(await askBack(connection, Buffer.concat([rest, await stream.readAll()])), true);
      break;
    case 'r':
      stream.reset((await atLeast(stream, rest, 4)).readUInt32BE());
      break;
    case 's':
      stream.stopReading((await atLeast(stream, rest, 4)).readUInt32BE());
      await stream.write(Buffer.alloc(0), true);
      break;
    case 'c': {
      const all = Buffer.concat([rest, await stream.readAll()]);
      connection.close(all.readUInt32BE(), all.subarray(4).toString());
      break;
    }
    case 'a':
      onAnswer(Buffer.concat([rest, await stream.readAll()]));
      break;
    default:
      throw new Error(`unknown request '${kind}'`);
  }
}

async function atLeast(stream, data, length) {
  while (data.length < length) data = Buffer.concat([data, (await stream.read()) ?? Buffer.alloc(length)]);
  return data;
}

async function echo(stream, first) {
  for (let chunk = first; chunk !== null; chunk = await stream.read()) {
    if (chunk.length > 0) await stream.write(chunk);
  }
  await stream.write(Buffer.alloc(0), true);
}

async function answerDigest(connection, stream, data) {
  if ((stream.id & 2) === 0) await stream.write(digest(data), true);
  else await connection.open('unidirectional').write(request('a', digest(data)), true);
}

async function askBack(connection, data) {
  const own = connection.open();
  await own.write(request('d', data), true);
  return own.readAll();
}
