using System.IO.Pipelines;
using System.Net;
using Net.Ngtcp2;
using Net.Ngtcp2.Streams;
using Net.UnitTests.Ngtcp2.Driver.Simulation;

namespace Net.UnitTests.Ngtcp2.Driver;

/// <summary>Applications on both sides that do whatever comes to their mind, at any moment, on networks that do the same. Nothing may break, and nothing may be left.</summary>
[TestClass]
public sealed class AnyUseTests : DriverTest
{
    private const int Seeds = 50;
    private const int Steps = 250;

    [TestMethod]
    public void AnyUse_OverAnyNetwork_BreaksNothingAndLeavesNothing()
    {
        var counts = new SortedDictionary<string, int>(StringComparer.Ordinal);
        ForSeeds(Seeds, seed => new Run(seed, counts).Execute());
        foreach ((string what, int count) in counts)
        {
            TestContext.WriteLine($"{count,8} {what}");
        }
    }

    private sealed class Run(int seed, SortedDictionary<string, int> counts)
    {
        private readonly Random _random = new(seed);
        private readonly List<Ngtcp2Connection> _clients = [];
        private readonly List<Ngtcp2Stream> _streams = [];
        private readonly List<(string Name, Task Call)> _calls = [];
        private InMemorySessionTicketStore? _tickets;
        private int _served;

        internal void Execute()
        {
            using DriverPair pair = NewPair();
            pair.AddClient();
            _tickets = new InMemorySessionTicketStore(pair.Network.TimeProvider);
            for (int step = 0; step < Steps; step++)
            {
                try
                {
                    Act(pair);
                }
                catch (Exception exception) when (exception is TransportException or InvalidOperationException or NotSupportedException)
                {
                    // What the contract has for mistakes and for connections that are over.
                }

                pair.Network.RunFor(Milliseconds(_random.NextDouble() * _random.Next(30)));
                Serve(pair);
            }

            foreach (SimulatedHost host in pair.Clients)
            {
                SetLink(pair.Network.Link(host, pair.Server), 0);
                SetLink(pair.Network.Link(pair.Server, host), 0);
            }

            _clients.ForEach(static c => _ = c.CloseAsync(0).AsTask());
            pair.Accepted.ForEach(static c => _ = c.CloseAsync(0).AsTask());
            pair.Network.RunUntil(() => _clients.TrueForAll(static c => c.Closed.IsCompleted) && pair.Accepted.TrueForAll(static c => c.Closed.IsCompleted));
            foreach (Ngtcp2Connection connection in _clients.Concat(pair.Accepted))
            {
                ConnectionClose close = connection.Closed.Result;
                Count($"{(connection.IsServer ? "server" : "client")} {close.Initiator} {close.Error} {close.TransportErrorCode} {(close.TransportErrorCode is null ? "" : close.Reason)}");
            }

            pair.CheckEmpty();
            Assert.IsTrue(_streams.TrueForAll(static s => s.Completion.IsCompleted), "A stream outlived its connection.");
            Assert.IsTrue(_streams.TrueForAll(static s => s.SendCompletion.IsCompleted), "The sending side of a stream outlived its connection.");
            CheckCalls();
        }

        // All is over for the drivers; some answers take one more hop over the thread pool.
        private void CheckCalls()
        {
            foreach ((string name, Task call) in _calls)
            {
                ((IAsyncResult)call).AsyncWaitHandle.WaitOne(Seconds(30));
                Assert.IsTrue(call.IsCompleted, $"{name} never ended.");
                Count($"{name}: {(call.Exception?.InnerException is TransportException t ? t.Error : call.Exception?.InnerException?.GetType().Name as object) ?? "done"}");
                Assert.IsTrue(
                    call.Exception?.InnerException is null or TransportException or InvalidOperationException or NotSupportedException, $"{name} threw {call.Exception}");
            }
        }

        private void Count(string what) => counts[what] = counts.GetValueOrDefault(what) + 1;

        private DriverPair NewPair()
        {
            bool mutual = _random.Next(3) == 0;
            ServerTlsOptions tls = SimulatedIdentities.ServerTls with
            {
                AllowEarlyData = _random.Next(2) == 0,
                ClientCertificateMode = mutual ? ClientCertificateMode.Required : ClientCertificateMode.None,
                ClientCertificatePolicy = mutual ? SimulatedIdentities.Trust : null,
            };
            return new DriverPair(
                seed,
                o => o with
                {
                    Limits = RandomLimits(),
                    HandshakeTimeout = Seconds(_random.Next(1, 10)),
                    IdleTimeout = Seconds(_random.Next(1, 20)),
                    RetryThreshold = _random.Next(3),
                    KeepAliveInterval = _random.Next(2) == 0 ? Timeout.InfiniteTimeSpan : Milliseconds(_random.Next(1, 500)),
                    Versions = _random.Next(2) == 0 ? [QuicVersion.Version2, QuicVersion.Version1] : o.Versions,
                },
                tls,
                new Ngtcp2EngineOptions { PathMtuDiscovery = _random.Next(4) > 0, MaxUdpPayload = _random.Next(2) == 0 ? 1452 : _random.Next(1200, 9000) });
        }

        private TransportLimits RandomLimits() => new()
        {
            MaxInboundBidirectionalStreams = _random.Next(20),
            MaxInboundUnidirectionalStreams = _random.Next(5),
            StreamReceiveWindow = _random.Next(16 << 10, 64 << 10),
            ConnectionReceiveWindow = _random.Next(16 << 10, 128 << 10),
            StreamSendBuffer = _random.Next(4 << 10, 64 << 10),
            StreamUnsentBuffer = _random.Next(4 << 10, 64 << 10),
            MaxDatagramSize = _random.Next(2) * _random.Next(1, 3000),
            MaxResetsPerSecond = _random.Next(2) == 0 ? 5 : 200,
        };

        private void Act(DriverPair pair)
        {
            int choice = _random.Next(100);
            if (_clients.Count == 0 || choice < 4)
            {
                _clients.Add(pair.Connect(ConnectOptions, pair.Clients[_random.Next(pair.Clients.Count)]));
                return;
            }

            if (choice < 10)
            {
                ActOnTheNetwork(pair);
                return;
            }

            Ngtcp2Connection connection = pair.Accepted.Count > 0 && _random.Next(2) == 0 ? pair.Accepted[_random.Next(pair.Accepted.Count)] : _clients[_random.Next(_clients.Count)];
            if (choice < 35)
            {
                Open(connection);
            }
            else if (choice < 60)
            {
                ActOnAConnection(connection);
            }
            else if (_streams.Count > 0)
            {
                ActOnAStream(_streams[_random.Next(_streams.Count)]);
            }
        }

        private ConnectOptions ConnectOptions(ConnectOptions options) => options with
        {
            AllowEarlyData = _random.Next(2) == 0,
            Limits = RandomLimits(),
            HandshakeTimeout = Seconds(_random.Next(1, 10)),
            IdleTimeout = Seconds(_random.Next(1, 20)),
            KeepAliveInterval = _random.Next(2) == 0 ? Timeout.InfiniteTimeSpan : Milliseconds(_random.Next(1, 500)),
            CongestionControl = (CongestionControl)_random.Next(3),
            Tls = options.Tls with { TicketStore = _tickets, Identity = _random.Next(5) > 0 ? SimulatedIdentities.Client : null },
        };

        private void ActOnTheNetwork(DriverPair pair)
        {
            SimulatedHost host = pair.Clients[_random.Next(pair.Clients.Count)];
            switch (_random.Next(5))
            {
                case 0:
                    host.Rebind();
                    break;
                case 1 when _random.Next(5) == 0:
                    pair.Server.Restart();
                    break;
                default:
                    SetLink(pair.Network.Link(host, pair.Server), _random.NextDouble());
                    SetLink(pair.Network.Link(pair.Server, host), _random.NextDouble());
                    break;
            }
        }

        private void SetLink(SimulatedLink link, double badness)
        {
            link.IsUp = badness < 0.95;
            link.Latency = Milliseconds(1 + (badness * _random.Next(50)));
            link.Jitter = Milliseconds(badness * _random.Next(20));
            link.Loss = badness * 0.2;
            link.Reorder = badness * 0.2;
            link.Duplicate = badness * 0.2;
            link.Corrupt = badness * 0.1;
            link.Mark = badness * 0.2;
            link.BleachesEcn = badness > 0.7;
            link.Mtu = _random.Next(4) == 0 ? _random.Next(1248, 1600) : 65_535;
            link.BitsPerSecond = badness > 0.5 ? _random.Next(500_000, 50_000_000) : 0;
        }

        private void Open(Ngtcp2Connection connection)
        {
            StreamDirection direction = _random.Next(4) == 0 ? StreamDirection.Unidirectional : StreamDirection.Bidirectional;
            if (connection.TryOpenStream(direction, _random.Next(2) == 0 ? Idempotency.Idempotent : Idempotency.NonIdempotent, out TransportStream? stream))
            {
                _streams.Add((Ngtcp2Stream)stream);
                ActOnAStream((Ngtcp2Stream)stream);
            }
        }

        private void ActOnAConnection(Ngtcp2Connection connection)
        {
            switch (_random.Next(14))
            {
                case 0:
                    _calls.Add(("CloseAsync", connection.CloseAsync(_random.Next(1000), new string('x', _random.Next(700))).AsTask()));
                    break;
                case 1:
                    connection.Abandon("no more");
                    break;
                case 2 or 3:
                    _calls.Add(("PingAsync", connection.PingAsync().AsTask()));
                    break;
                case 4 or 5:
                    _calls.Add(("UpdateKeysAsync", connection.UpdateKeysAsync().AsTask()));
                    break;
                case 6 or 7:
                    _calls.Add(("MigrateAsync", connection.MigrateAsync().AsTask()));
                    break;
                case 8 or 9 or 10:
                    connection.TrySendDatagram(new byte[_random.Next(1, 2000)]);
                    break;
                case 11:
                    _ = connection.GetPathStatistics();
                    break;
                default:
                    _ = connection.DisposeAsync().AsTask();
                    break;
            }
        }

        private void ActOnAStream(Ngtcp2Stream stream)
        {
            switch (_random.Next(13))
            {
                case 0 or 1 or 2 or 3:
                    _calls.Add(("WriteAsync", stream.Output.WriteAsync(new byte[_random.Next(1, 40_000)]).AsTask()));
                    break;
                case 4 or 5 or 6:
                    Read(stream);
                    break;
                case 7 or 8:
                    stream.Output.Complete();
                    break;
                case 9:
                    stream.AbortRead(_random.Next(100));
                    break;
                case 10:
                    stream.AbortWrite(_random.Next(100));
                    break;
                case 11:
                    stream.Priority = new StreamPriority(_random.Next(8), _random.Next(2) == 0);
                    break;
                default:
                    Application.Release(stream);
                    break;
            }
        }

        private void Read(Ngtcp2Stream stream)
        {
            if (stream.Input.TryRead(out ReadResult read))
            {
                stream.Input.AdvanceTo(read.Buffer.GetPosition(_random.NextInt64(read.Buffer.Length + 1)), read.Buffer.End);
            }
        }

        private void Serve(DriverPair pair)
        {
            for (; _served < pair.Accepted.Count; _served++)
            {
                _calls.Add(("AcceptStreamAsync", Application.ServeAsync(pair.Accepted[_served], stream =>
                {
                    _streams.Add((Ngtcp2Stream)stream);
                    return Task.CompletedTask;
                })));
            }
        }
    }
}
