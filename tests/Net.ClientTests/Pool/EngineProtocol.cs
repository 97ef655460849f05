using Net.Testing;

namespace Net.ClientTests.Pool;

/// <summary>Bare streams over the channel's engine: the least that makes a session out of a connection.</summary>
internal sealed class EngineProtocol : ChannelProtocol
{
    internal const string ApplicationProtocol = "test/1";

    public override string Name => ApplicationProtocol;

    public override async ValueTask<ChannelSession> ConnectAsync(ChannelConnectContext context, CancellationToken cancellationToken)
    {
        TransportConnection connection = await context.Engine!.ConnectAsync(
            new ConnectOptions
            {
                RemoteEndPoint = context.EndPoint.Address.ToEndPoint(),
                ServerName = context.EndPoint.EffectiveServerName,
                ApplicationProtocols = [ApplicationProtocol],
                Tls = context.Tls,
                HandshakeTimeout = context.ConnectTimeout,
                IdleTimeout = context.IdleTimeout,
                KeepAliveInterval = context.KeepAliveInterval,
            },
            cancellationToken);
        return new Session(connection);
    }

    internal sealed class Session : ChannelSession
    {
        private readonly TransportConnection _connection;
        private int _active;
        private bool _isDraining;

        internal Session(TransportConnection connection)
        {
            _connection = connection;
            connection.Draining += (_, _) => BeginDraining();
            connection.StreamCreditChanged += (_, _) => CapacityChanged?.Invoke(this, EventArgs.Empty);
        }

        public override string Protocol => ApplicationProtocol;

        public override TransportConnection Connection => _connection;

        public override int ActiveStreams => Volatile.Read(ref _active);

        public override int AvailableStreams => IsDraining ? 0 : _connection.AvailableBidirectionalStreams;

        public override bool IsDraining => Volatile.Read(ref _isDraining);

        public override event EventHandler? Draining;

        public override event EventHandler? CapacityChanged;

        public override Task<ConnectionClose> Closed => _connection.Closed;

        /// <summary>Sends bytes on a stream of its own and reads what comes back.</summary>
        internal async Task<byte[]> EchoAsync(byte[] bytes)
        {
            Interlocked.Increment(ref _active);
            try
            {
                await using TransportStream stream = await _connection.OpenStreamAsync(StreamDirection.Bidirectional).WithTimeout();
                await stream.Output.WriteAsync(bytes).WithTimeout();
                await stream.Output.CompleteAsync();
                using var answer = new MemoryStream();
                await stream.Input.CopyToAsync(answer).WithTimeout();
                return answer.ToArray();
            }
            finally
            {
                if (Interlocked.Decrement(ref _active) == 0 && IsDraining)
                {
                    await _connection.CloseAsync(0);
                }
            }
        }

        public override void Drain()
        {
            BeginDraining();
            if (ActiveStreams == 0)
            {
                _ = _connection.CloseAsync(0).AsTask();
            }
        }

        public override ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default) => _connection.PingAsync(cancellationToken);

        public override PathStatistics GetPathStatistics() => _connection.GetPathStatistics();

        public override ValueTask DisposeAsync() => _connection.DisposeAsync();

        private void BeginDraining()
        {
            if (!Interlocked.Exchange(ref _isDraining, true))
            {
                Draining?.Invoke(this, EventArgs.Empty);
            }
        }
    }
}
