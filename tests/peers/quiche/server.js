// A quiche server for the interop tests. Its options are one JSON argument:
// {"host": ADDRESS, "ca": FILE, "cert": FILE, "key": FILE, "verifyPeer": BOOL, "alpn": NAME, "retry": BOOL, "datagrams": BOOL, "earlyData": BOOL}
// Prints {"event":"ready","port":N} when it listens, then one JSON line for what happens. Ends when it is killed or its
// standard input ends.
import crypto from 'node:crypto';
import fs from 'node:fs';
import { makeConfig, openSocket, Server } from './connection.js';
import { report, serve } from './application.js';

const options = JSON.parse(process.argv[2]);
const config = makeConfig({
  ...options,
  ca: fs.readFileSync(options.ca),
  cert: fs.readFileSync(options.cert),
  key: fs.readFileSync(options.key),
  ticketKey: crypto.randomBytes(48),
});

const socket = await openSocket(options.host);
const server = new Server(config, socket, options.retry ?? false);
server.on('connection', (connection) => {
  connection.on('stream', () => {
    if (connection.native.isInEarlyData()) report({ event: 'early' });
  });
  serve(connection);
  connection.on('datagram', (data) => connection.sendDatagram(data));
  connection.on('path', (event) => report({ event: 'path', type: event.type }));
  connection.established.then(() => {
    const chain = connection.native.peerCertChain() ?? [];
    report({
      event: 'connected',
      alpn: Buffer.from(connection.native.applicationProto()).toString(),
      serverName: connection.native.serverName(),
      resumed: connection.native.isResumed(),
      retried: connection.afterRetry,
      certificate: chain.length > 0 ? crypto.createHash('sha256').update(chain[0]).digest('hex') : null,
    });
    while (connection.native.sourceCidsLeft() > 0) connection.offerConnectionId();
  }, () => {});
  connection.closed.then((end) => report({ event: 'closed', ...end }));
});
process.stdin.on('end', () => process.exit(0)).resume();
report({ event: 'ready', port: socket.address().port });
