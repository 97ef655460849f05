// A quiche client for the interop tests. Its options are one JSON argument:
// {"host": ADDRESS, "port": N, "scenario": NAME, "ca": FILE, "cert": FILE, "key": FILE, "alpn": NAME, ...} and what the scenario takes.
// Runs the scenario, prints {"event":"done",...} with what it saw, and exits with 0. Exits with 1 when anything is not
// as it should be; the reason is on standard error.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import { Connection, makeConfig, openSocket, StreamError } from './connection.js';
import { code, digest, report, request, serve } from './application.js';

const options = JSON.parse(process.argv[2]);
const read = (file) => (file ? fs.readFileSync(file) : undefined);
const connections = [];
const config = makeConfig({ ...options, ca: read(options.ca), cert: read(options.cert), key: read(options.key) });

async function connect(session) {
  const connection = Connection.connect(config, options.serverName ?? 'localhost', await openSocket(options.host), options.port, session);
  connections.push(connection);
  connection.waiting = [];
  serve(connection, (answer) => connection.waiting.shift()(answer));
  return connection;
}

async function established() {
  const connection = await connect();
  await connection.established;
  return connection;
}

// quiche loses its answer to a path challenge while its congestion window is full, and the server asks again a little
// later: whoever started this waits for that, and then ends the input.
const inputEnd = () => new Promise((resolve) => { process.stdin.on('end', resolve).resume(); });

async function echo(connection, size) {
  const data = crypto.randomBytes(size);
  const stream = connection.open();
  const [, back] = await Promise.all([stream.write(request('e', data), true), stream.readAll()]);
  assert.ok(back.equals(data), `stream ${stream.id}: ${back.length} of ${size} bytes came back, or other ones`);
}

// Echoes a few bytes, so that the other end has the stream in hand.
async function openEcho(connection) {
  const stream = connection.open();
  await stream.write(request('e', Buffer.from('hello')));
  let back = Buffer.alloc(0);
  while (back.length < 5) back = Buffer.concat([back, await stream.read()]);
  assert.equal(back.toString(), 'hello');
  return stream;
}

async function expectStreamError(kind, work) {
  try {
    await work();
  } catch (error) {
    if (error instanceof StreamError && error.kind === kind) return error.code;
    throw error;
  }
  throw new Error(`no ${kind} came`);
}

const scenarios = {
  async echo() {
    const connection = await established();
    await Promise.all(Array.from({ length: options.streams }, () => echo(connection, options.size)));
    return { alpn: Buffer.from(connection.native.applicationProto()).toString() };
  },

  async digest() {
    const connection = await established();
    const data = crypto.randomBytes(options.size);
    const stream = connection.open();
    await stream.write(request('d', data), true);
    assert.ok((await stream.readAll()).equals(digest(data)), 'another digest came back');
  },

  async unidirectional() {
    const connection = await established();
    const data = crypto.randomBytes(options.size);
    const answer = new Promise((resolve) => connection.waiting.push(resolve));
    await connection.open('unidirectional').write(request('d', data), true);
    assert.ok((await answer).equals(digest(data)), 'another digest came back');
  },

  async askBack() {
    const connection = await established();
    const data = crypto.randomBytes(options.size);
    const stream = connection.open();
    await stream.write(request('b', data), true);
    assert.ok((await stream.readAll()).equals(digest(data)), 'another digest came back');
  },

  async reset() {
    const connection = await established();
    const stream = await openEcho(connection);
    stream.reset(options.code);
    const back = await expectStreamError('reset', () => stream.readAll());
    await echo(connection, 1000);
    return { code: back };
  },

  async stopReading() {
    const connection = await established();
    const stream = await openEcho(connection);
    stream.stopReading(options.code);
    await stream.write(Buffer.from('more'));
    const back = await expectStreamError('stopped', async () => {
      for (;;) await stream.write(crypto.randomBytes(1000));
    });
    await echo(connection, 1000);
    return { code: back };
  },

  async receiveReset() {
    const connection = await established();
    const stream = connection.open();
    await stream.write(request('r', code(options.code)), true);
    return { code: await expectStreamError('reset', () => stream.readAll()) };
  },

  async receiveStop() {
    const connection = await established();
    const stream = connection.open();
    await stream.write(request('s', code(options.code)));
    return {
      code: await expectStreamError('stopped', async () => {
        for (;;) await stream.write(crypto.randomBytes(1000));
      }),
    };
  },

  async close() {
    const connection = await established();
    await echo(connection, 1000);
    connection.close(options.code, options.reason);
    await connection.closed;
  },

  async receiveClose() {
    const connection = await established();
    await connection.open().write(request('c', Buffer.concat([code(options.code), Buffer.from(options.reason)])), true);
    return connection.closed;
  },

  // The server judges the client's certificate after the client's part of the handshake is over.
  async refused() {
    const connection = await connect();
    connection.established.then(() => echo(connection, 1000)).catch(() => {});
    return connection.closed;
  },

  async datagrams() {
    const connection = await established();
    const sent = Array.from({ length: options.count }, () => crypto.randomBytes(options.size).toString('hex'));
    const missing = new Set(sent);
    const all = new Promise((resolve) => connection.on('datagram', (data) => {
      missing.delete(data.toString('hex'));
      if (missing.size === 0) resolve();
    }));
    for (const data of sent) connection.sendDatagram(Buffer.from(data, 'hex'));
    await all;
  },

  async resume() {
    const first = await established();
    await echo(first, 1000);
    while (!first.native.session()) await new Promise((resolve) => { setTimeout(resolve, 5); });
    const session = first.native.session();
    first.close(0);
    const second = await connect(session);
    await second.usable;
    const early = second.native.isInEarlyData();
    await echo(second, 1000);
    await second.established;
    return { resumed: second.native.isResumed(), early };
  },

  async migrate() {
    const connection = await established();
    await echo(connection, options.size);
    while (connection.native.sourceCidsLeft() > 0) connection.offerConnectionId();
    const port = await connection.migrate();
    await echo(connection, options.size);
    await inputEnd();
    return { port };
  },

  async rebind() {
    const connection = await established();
    await echo(connection, options.size);
    const port = await connection.rebind();
    await echo(connection, options.size);
    await inputEnd();
    return { port };
  },
};

const result = await scenarios[options.scenario]();
for (const connection of connections) {
  if (!connection.over) connection.close(0);
}
process.stdout.write(JSON.stringify({ event: 'done', ...result }) + '\n', () => process.exit(0));
