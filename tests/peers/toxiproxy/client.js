// Uses toxiproxy-node-client as its users do, against the API at argv[2], with an echo server at argv[3] as the upstream,
// and prints what it got, a JSON line for each step.
import net from 'node:net';
import { createRequire } from 'node:module';

const { Toxiproxy } = createRequire(import.meta.url)('toxiproxy-node-client');
const [api, upstream] = process.argv.slice(2);
const toxiproxy = new Toxiproxy(api);

const print = (step, value) => console.log(JSON.stringify({ step, value }));

const refusal = async (action) => {
    try {
        await action();
        return 'accepted';
    } catch (error) {
        return error.message;
    }
};

// Sends a text, and resolves with what came back until the connection ended or as much has come.
const echo = (address, text) => new Promise((resolve) => {
    const [host, port] = address.split(':');
    const started = Date.now();
    let received = '';
    const socket = net.connect(Number(port), host, () => socket.write(text));
    const finish = (end) => {
        socket.destroy();
        resolve({ received, end, milliseconds: Date.now() - started });
    };
    socket.on('data', (data) => {
        received += data;
        if (received.length === text.length) finish('complete');
    });
    socket.on('end', () => finish('end'));
    socket.on('error', (error) => finish(error.code));
});

print('version', await toxiproxy.getVersion());
const proxy = await toxiproxy.createProxy({ name: 'node', listen: '127.0.0.1:0', upstream });
print('created', proxy.toJson());
print('duplicate', await refusal(() => toxiproxy.createProxy({ name: 'node', listen: '127.0.0.1:0', upstream })));
print('plain', await echo(proxy.listen, 'hello'));

const latency = await proxy.addToxic({ name: 'slow', type: 'latency', stream: 'downstream', toxicity: 1, attributes: { latency: 300, jitter: 0 } });
print('toxic', latency.toJson());
print('slow', await echo(proxy.listen, 'hello'));
print('updated', (await latency.update({ attributes: { latency: 1 } })).toJson());
print('found', (await proxy.getToxic('slow')).toJson());
await latency.remove();
print('removed', await refusal(() => proxy.getToxic('slow')));

await proxy.addToxic({ name: 'limit', type: 'limit_data', stream: 'downstream', toxicity: 1, attributes: { bytes: 3 } });
print('limited', await echo(proxy.listen, 'hello'));
await proxy.addToxic({ name: 'reset', type: 'reset_peer', stream: 'upstream', toxicity: 1, attributes: { timeout: 0 } });
print('reset', await echo(proxy.listen, 'hello'));
print('wrong', await refusal(() => proxy.addToxic({ name: 'x', type: 'nonsense', stream: 'downstream', toxicity: 1, attributes: {} })));

const listen = proxy.listen;
print('disabled', (await proxy.update({ enabled: false, listen, upstream })).toJson());
print('down', await echo(listen, 'hello'));
await toxiproxy.reset();
print('after reset', await echo(listen, 'hello'));

print('populated', Object.keys(await toxiproxy.populate([{ name: 'a', listen: '127.0.0.1:0', upstream }, { name: 'b', listen: '127.0.0.1:0', upstream }])));
print('all', Object.keys(await toxiproxy.getAll()));
await proxy.remove();
print('gone', await refusal(() => toxiproxy.get('node')));
