// quiche connections over Node's own UDP sockets. quiche is a protocol machine without I/O: this file carries datagrams
// and time to it, and offers streams that are read and written with promises.
import dgram from 'node:dgram';
import crypto from 'node:crypto';
import { once, EventEmitter } from 'node:events';
import { native } from '@matrixai/quic';

const { quiche } = native;
const connectionIdLength = quiche.MAX_CONN_ID_LEN;
const socketBufferBytes = 4 << 20;
const windowBytes = 1 << 20;

export class StreamError extends Error {
  constructor(kind, code) {
    super(`${kind} with code ${code}`);
    this.kind = kind;
    this.code = code;
  }
}

export async function openSocket(host = '127.0.0.1') {
  const type = host.includes(':') ? 'udp6' : 'udp4';
  const socket = dgram.createSocket({ type, recvBufferSize: socketBufferBytes, sendBufferSize: socketBufferBytes });
  socket.bind(0, host);
  await once(socket, 'listening');
  return socket;
}

const local = (socket) => ({ host: socket.address().address, port: socket.address().port });

// options: alpn, ca, key, cert, verifyPeer, earlyData, ticketKey, datagrams, maxStreams, windowBytes, idleTimeout
export function makeConfig(options) {
  const config = quiche.Config.withBoringSslCtx(
    options.verifyPeer ?? true, false, options.ca, options.key && [options.key], options.cert && [options.cert], null);
  config.setApplicationProtos([options.alpn]);
  config.setMaxIdleTimeout(options.idleTimeout ?? 20_000);
  config.setMaxRecvUdpPayloadSize(quiche.MAX_UDP_PACKET_SIZE);
  config.setMaxSendUdpPayloadSize(quiche.MAX_DATAGRAM_SIZE);
  config.setInitialMaxData(4 * (options.windowBytes ?? windowBytes));
  config.setInitialMaxStreamDataBidiLocal(options.windowBytes ?? windowBytes);
  config.setInitialMaxStreamDataBidiRemote(options.windowBytes ?? windowBytes);
  config.setInitialMaxStreamDataUni(options.windowBytes ?? windowBytes);
  config.setInitialMaxStreamsBidi(options.maxStreams ?? 100);
  config.setInitialMaxStreamsUni(options.maxStreams ?? 100);
  config.setActiveConnectionIdLimit(4);
  config.setDisableActiveMigration(false);
  if (options.datagrams) config.enableDgram(true, 100, 100);
  if (options.earlyData) config.enableEarlyData();
  if (options.ticketKey) config.setTicketKey(options.ticketKey);
  return config;
}

export class Stream {
  constructor(connection, id) {
    this.connection = connection;
    this.id = id;
    this.readers = [];
    this.writers = [];
  }

  // One chunk, or null at the end of the stream. Throws a StreamError when the peer reset the stream.
  read() {
    return new Promise((resolve, reject) => {
      this.readers.push({ resolve, reject });
      this.serveReaders();
      this.connection.send();
    });
  }

  async readAll() {
    const chunks = [];
    for (let chunk = await this.read(); chunk !== null; chunk = await this.read()) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  // Resolves when quiche has taken all bytes. Throws a StreamError when the peer sent STOP_SENDING.
  write(data, fin = false) {
    return new Promise((resolve, reject) => {
      this.writers.push({ data, fin, resolve, reject });
      this.serveWriters();
      this.connection.send();
    });
  }

  reset(code) {
    this.connection.native.streamShutdown(this.id, quiche.Shutdown.Write, code);
    this.connection.send();
  }

  stopReading(code) {
    this.connection.native.streamShutdown(this.id, quiche.Shutdown.Read, code);
    this.connection.send();
  }

  serveReaders() {
    const { native: conn } = this.connection;
    const buffer = Buffer.allocUnsafe(64 << 10);
    while (this.readers.length > 0) {
      const { resolve, reject } = this.readers[0];
      if (this.ended) {
        resolve(null);
      } else {
        try {
          const result = conn.streamRecv(this.id, buffer);
          if (result === null) return;
          const [length, fin] = result;
          this.ended = fin;
          if (length === 0 && !fin) return;
          resolve(length === 0 ? null : Buffer.from(buffer.subarray(0, length)));
        } catch (error) {
          const code = /StreamReset\((\d+)\)/.exec(error.message);
          // A stream that no byte has come for yet is not known to quiche.
          if (!code && /InvalidStreamState/.test(error.message) && !this.connection.over) return;
          reject(code ? new StreamError('reset', Number(code[1])) : error);
        }
      }
      this.readers.shift();
    }
  }

  serveWriters() {
    while (this.writers.length > 0) {
      const writer = this.writers[0];
      try {
        const taken = this.connection.native.streamSend(this.id, writer.data, writer.fin);
        if (taken === null) return;
        if (taken < writer.data.length) {
          writer.data = writer.data.subarray(taken);
          return;
        }
        writer.resolve();
      } catch (error) {
        const code = /StreamStopped\((\d+)\)/.exec(error.message);
        writer.reject(code ? new StreamError('stopped', Number(code[1])) : error);
      }
      this.writers.shift();
    }
  }

  fail(error) {
    for (const { reject } of [...this.readers.splice(0), ...this.writers.splice(0)]) reject(error);
  }
}

// Events: 'stream' (a Stream of the peer's), 'datagram', 'path' (a path event of quiche's), 'closed'.
export class Connection extends EventEmitter {
  constructor(connection, isServer, socket, peer) {
    super();
    this.native = connection;
    this.isServer = isServer;
    this.peer = peer;
    this.streams = new Map();
    this.sockets = new Map();
    this.nextId = { bidirectional: isServer ? 1 : 0, unidirectional: isServer ? 3 : 2 };
    this.usable = new Promise((resolve, reject) => { this.settleUsable = { resolve, reject }; });
    this.established = new Promise((resolve, reject) => { this.settle = { resolve, reject }; });
    this.usable.catch(() => {});
    this.established.catch(() => {});
    this.closed = new Promise((resolve) => { this.settleClosed = resolve; });
    this.addSocket(socket);
  }

  static connect(config, serverName, socket, port, session) {
    const peer = { host: local(socket).host, port };
    const connection = quiche.Connection.connect(serverName, crypto.randomBytes(connectionIdLength), local(socket), peer, config);
    if (session) connection.setSession(session);
    const made = new Connection(connection, false, socket, peer);
    made.listen(socket);
    made.advance();
    return made;
  }

  addSocket(socket) {
    this.socket = socket;
    this.sockets.set(local(socket).port, socket);
  }

  listen(socket) {
    socket.on('message', (data, from) => this.receive(data, from, local(socket)));
  }

  receive(data, from, to) {
    if (this.over) return;
    try {
      this.native.recv(data, { from: { host: from.address, port: from.port }, to: this.pretendedLocal ?? to });
    } catch (error) {
      // The reason stands in localError, and the closing packet is sent below.
      this.receiveError = error;
    }
    this.advance();
  }

  open(direction = 'bidirectional') {
    const stream = this.streamOf(this.nextId[direction]);
    this.nextId[direction] += 4;
    return stream;
  }

  close(code, reason = '') {
    this.native.close(true, code, Buffer.from(reason));
    this.advance();
  }

  sendDatagram(data) {
    this.native.dgramSend(data);
    this.send();
  }

  // Another id for the peer to use on a new path.
  offerConnectionId() {
    const id = crypto.randomBytes(connectionIdLength);
    this.native.newSourceCid(id, BigInt('0x' + crypto.randomBytes(16).toString('hex')), false);
    this.emit('id', id);
    this.send();
  }

  // Moves to a new local port with path validation (RFC 9000, section 9.2).
  async migrate() {
    const socket = await openSocket(this.peer.host);
    this.listen(socket);
    const validated = this.nextPathEvent('Validated');
    this.sockets.set(local(socket).port, socket);
    this.native.probePath(local(socket), this.peer);
    this.send();
    await validated;
    this.native.migrate(local(socket), this.peer);
    this.socket = socket;
    this.send();
    return local(socket).port;
  }

  // Sends from a new port without knowing it, as happens behind a NAT.
  async rebind() {
    const old = this.socket;
    this.pretendedLocal ??= local(old);
    const socket = await openSocket(this.peer.host);
    this.sockets.set(this.pretendedLocal.port, socket);
    this.socket = socket;
    this.listen(socket);
    old.close();
    return local(socket).port;
  }

  nextPathEvent(type) {
    return new Promise((resolve) => {
      const handler = (event) => {
        if (event.type !== type) return;
        this.off('path', handler);
        resolve(event);
      };
      this.on('path', handler);
    });
  }

  // After anything that may have changed the state: events out, packets out, timer set.
  advance() {
    this.send();
    if (this.native.isInEarlyData() || this.native.isEstablished()) this.settleUsable.resolve();
    if (this.native.isEstablished()) this.settle.resolve();
    this.drainStreams();
    this.drainDatagrams();
    for (let event = this.native.pathEventNext(); event; event = this.native.pathEventNext()) this.emit('path', event);
    this.send();
    this.checkEnd();
  }

  drainStreams() {
    if (!this.native.isEstablished() && !this.native.isInEarlyData()) return;
    for (const id of this.native.readable()) {
      if (!this.streams.has(id) && (id & 1) === (this.isServer ? 0 : 1)) {
        this.emit('stream', this.streamOf(id));
      }
    }
    for (const stream of [...this.streams.values()]) {
      stream.serveReaders();
      stream.serveWriters();
    }
  }

  drainDatagrams() {
    for (let data = this.native.dgramRecvVec(); data !== null; data = this.native.dgramRecvVec()) this.emit('datagram', Buffer.from(data));
  }

  send() {
    if (this.over) return;
    for (;;) {
      const buffer = Buffer.allocUnsafe(quiche.MAX_DATAGRAM_SIZE);
      const result = this.native.send(buffer);
      if (result === null) break;
      const [length, info] = result;
      const socket = this.sockets.get(info.from.port) ?? this.socket;
      // A socket that was just closed drops the packet, as a network may.
      try { socket.send(buffer, 0, length, info.to.port, info.to.host, () => {}); } catch { /* dropped */ }
    }
    this.setTimer();
  }

  setTimer() {
    clearTimeout(this.timer);
    const timeout = this.native.timeout();
    if (timeout !== null && !this.over) {
      this.timer = setTimeout(() => {
        this.native.onTimeout();
        this.advance();
      }, timeout + 1);
    }
  }

  checkEnd() {
    const peer = this.native.peerError();
    if (this.over || !(peer || this.native.isClosed() || this.native.localError())) return;
    this.over = true;
    clearTimeout(this.timer);
    const error = peer ?? this.native.localError();
    const end = {
      by: peer ? 'peer' : error ? 'local' : this.native.isTimedOut() ? 'timeout' : 'nobody',
      app: error?.isApp ?? null,
      code: error?.errorCode ?? null,
      reason: error ? Buffer.from(error.reason).toString() : '',
    };
    const failure = new Error(`the connection ended: ${JSON.stringify(end)}`);
    this.settleUsable.reject(failure);
    this.settle.reject(failure);
    for (const stream of this.streams.values()) stream.fail(failure);
    this.settleClosed(end);
    this.emit('closed', end);
  }

  streamOf(id) {
    let stream = this.streams.get(id);
    if (!stream) this.streams.set(id, (stream = new Stream(this, id)));
    return stream;
  }
}

// Accepts connections on one socket. Events: 'connection'.
export class Server extends EventEmitter {
  constructor(config, socket, useRetry) {
    super();
    this.config = config;
    this.socket = socket;
    this.useRetry = useRetry;
    this.byId = new Map();
    this.retries = new Map();
    socket.on('message', (data, from) => this.receive(data, from));
  }

  receive(data, from) {
    let header;
    try {
      header = quiche.Header.fromSlice(Buffer.from(data), connectionIdLength);
    } catch {
      return;
    }
    const known = this.byId.get(Buffer.from(header.dcid).toString('hex'));
    if (known) {
      known.receive(data, from, local(this.socket));
    } else if (header.ty !== quiche.Type.Short && !quiche.versionIsSupported(header.version)) {
      // The types of packets differ between versions, so that the version is looked at first.
      const answer = Buffer.alloc(quiche.MAX_DATAGRAM_SIZE);
      const length = quiche.negotiateVersion(header.scid, header.dcid, answer);
      this.socket.send(answer, 0, length, from.port, from.address);
    } else if (header.ty === quiche.Type.Initial) {
      this.accept(header, data, from);
    }
  }

  accept(header, data, from) {
    let original = null;
    let id = crypto.randomBytes(connectionIdLength);
    if (this.useRetry) {
      original = this.retries.get(Buffer.from(header.token ?? []).toString('hex'));
      if (!original) {
        this.sendRetry(header, id, from);
        return;
      }
      id = Buffer.from(header.dcid);
    }
    const peer = { host: from.address, port: from.port };
    const connection = new Connection(quiche.Connection.accept(id, original, local(this.socket), peer, this.config), true, this.socket, peer);
    connection.afterRetry = original !== null;
    this.know(connection, id, header.dcid);
    connection.on('id', (spare) => this.know(connection, spare));
    this.emit('connection', connection);
    connection.receive(data, from, local(this.socket));
  }

  sendRetry(header, id, from) {
    const token = crypto.randomBytes(32);
    this.retries.set(token.toString('hex'), Buffer.from(header.dcid));
    const answer = Buffer.alloc(quiche.MAX_DATAGRAM_SIZE);
    const length = quiche.retry(header.scid, header.dcid, id, token, header.version, answer);
    this.socket.send(answer, 0, length, from.port, from.address);
  }

  know(connection, ...ids) {
    for (const id of ids) this.byId.set(Buffer.from(id).toString('hex'), connection);
  }
}
