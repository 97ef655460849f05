using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using Net.Chaos.Ledgers;
using Net.Chaos.Running.Loads;
using Net.Chaos.Simulation.Http;
using Net.Grpc;
using Net.Http3;

namespace Net.Chaos.Simulation;

/// <summary>What runs on a host: it takes raw streams and gRPC over HTTP/3, notes each call that it executes, and sends back what came.</summary>
internal sealed class SimulatedServer(SimulationWorld world, string name, ServerLedger ledger, SimulationParts parts)
{
    private static readonly TimeSpan ServiceTime = TimeSpan.FromMilliseconds(20);
    private readonly List<TransportConnection> _connections = [];
    private readonly List<Http3Host> _http = [];
    private bool _wasCut;

    internal string Name => name;

    /// <summary>Share of the calls whose handler fails.</summary>
    internal double FailShare { get; set; }

    /// <summary>Whether it takes no new streams.</summary>
    internal bool IsDraining { get; private set; }

    /// <summary>Handlers at work.</summary>
    internal int Running { get; set; }

    /// <summary>Grows when the process ends.</summary>
    internal int Life { get; private set; }

    /// <summary>How calls of gRPC are served.</summary>
    internal GrpcServerOptions GrpcOptions { get; } = new() { TimeProvider = world.Clock, Continuations = world.Continuations };

    /// <summary>Requests of HTTP/3 that were rejected.</summary>
    internal int Rejected { get; set; }

    /// <summary>Connections of HTTP/3 that were told to go away.</summary>
    internal int GoAways { get; set; }

    /// <summary>Header sections that waited for the client's table.</summary>
    internal int Blocked { get; set; }

    /// <summary>Connections of HTTP/3 whose clients were told to go away, and have not.</summary>
    internal int Lingering => _http.Count(static h => h.IsGoingAway);

    internal int Connections => _connections.Count;

    /// <summary>Connections that went on with the session of an earlier one.</summary>
    internal int Resumed { get; private set; }

    /// <summary>Calls that were executed and had come as early data: somebody may have sent them a second time.</summary>
    internal HashSet<UInt128> Early { get; } = [];

    /// <summary>Serves a connection until it is over. Goes on inside the simulation's steps.</summary>
    internal void Serve(TransportConnection connection) => _ = ServeAsync(connection, Life);

    /// <summary>The process is gone: what still runs must leave no trace.</summary>
    internal void Forget()
    {
        Life++;
        _connections.Clear();
        _http.Clear();
        _wasCut = false;
        IsDraining = false;
    }

    /// <summary>Closes every connection at once, as a server does that is told to.</summary>
    internal void Reset()
    {
        foreach (TransportConnection connection in _connections.ToArray())
        {
            _ = connection.CloseAsync(IsHttp(connection) ? (long)Http3ErrorCode.NoError : RawStreamErrorCodes.ShuttingDown).AsTask();
        }
    }

    /// <summary>Refuses new streams and closes each connection when its last stream has ended; those of HTTP/3 their clients close.</summary>
    internal void Drain()
    {
        IsDraining = true;
        foreach (Http3Host http in _http.ToArray())
        {
            http.GoAway();
        }

        _ = CloseWhenQuietAsync(Life);
    }

    /// <summary>Whether a request is rejected before it is looked at: hosts whose handlers fail do that, too.</summary>
    internal bool DrawsRejection() => FailShare > 0 && world.Random.NextDouble() < FailShare / 2;

    /// <summary>Whether a handler fails.</summary>
    internal bool DrawsFailure() => FailShare > 0 && world.Random.NextDouble() < FailShare;

    /// <summary>How long a handler takes.</summary>
    internal TimeSpan DrawServiceTime() => world.Draw(ServiceTime);

    /// <summary>Notes that a call is executed.</summary>
    internal void Execute(UInt128 id, byte[] request, bool isEarly)
    {
        world.Trace.Note("executed", 0, name);
        ledger.Add(name, id, CallDigest.Of(request));
        if (isEarly)
        {
            Early.Add(id);
        }
    }

    /// <summary>What a request is answered with.</summary>
    internal byte[] Answer(UInt128 id, byte[] request) => parts.Answer(id, request);

    /// <summary>Takes streams again.</summary>
    internal void EndDrain() => IsDraining = false;

    private async Task CloseWhenQuietAsync(int life)
    {
        while (life == Life && IsDraining && Running > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), world.Clock).ConfigureAwait(false);
        }

        if (life == Life && IsDraining)
        {
            foreach (TransportConnection connection in _connections.Where(static c => !IsHttp(c)).ToArray())
            {
                // This code promises that every answer has arrived (net-1, section 4).
                _ = connection.CloseAsync(_wasCut ? RawStreamErrorCodes.NoError : RawStreamErrorCodes.GoingAway).AsTask();
            }
        }
    }

    private async Task ServeAsync(TransportConnection connection, int life)
    {
        _connections.Add(connection);
        try
        {
            _ = CountResumedAsync(connection);
            if (IsHttp(connection))
            {
                await ServeHttpAsync(connection, life).ConfigureAwait(false);
            }

            while (true)
            {
                TransportStream stream = await connection.AcceptStreamAsync().ConfigureAwait(false);
                _ = HandleAsync(stream, life);
            }
        }
        catch (TransportException)
        {
            // The connection is over.
        }
        catch (Exception exception)
        {
            world.Fail(exception);
        }

        _connections.Remove(connection);
        await connection.DisposeAsync().ConfigureAwait(false);
    }

    private static bool IsHttp(TransportConnection connection) => connection.ApplicationProtocol == Http3Connection.ApplicationProtocol;

    private async Task ServeHttpAsync(TransportConnection connection, int life)
    {
        using var http = new Http3Host(world, this, connection);
        _http.Add(http);
        try
        {
            await http.ServeAsync(life).ConfigureAwait(false);
        }
        finally
        {
            _http.Remove(http);
        }
    }

    private async Task CountResumedAsync(TransportConnection connection)
    {
        await connection.HandshakeCompletion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Resumed += connection.IsResumed ? 1 : 0;
    }

    private async Task HandleAsync(TransportStream stream, int life)
    {
        Running++;
        try
        {
            await HandleCoreAsync(stream, life).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TransportException or InvalidOperationException)
        {
            // The caller or the connection is gone.
            _wasCut = true;
            stream.Abort(RawStreamErrorCodes.Cancelled);
        }
        catch (Exception exception)
        {
            world.Fail(exception);
        }
        finally
        {
            Running--;
            await stream.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task HandleCoreAsync(TransportStream stream, int life)
    {
        if (await ReadHeaderAsync(stream.Input).ConfigureAwait(false) is not { } header)
        {
            stream.Abort(RawStreamErrorCodes.MalformedHeader);
            return;
        }

        if (IsDraining)
        {
            stream.Abort(RawStreamErrorCodes.GoingAway);
            return;
        }

        byte[] request = await ReadAllAsync(stream.Input).ConfigureAwait(false);
        if (life != Life || !UInt128.TryParse(header.Metadata.GetText(UnaryLoad.IdName), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out UInt128 id))
        {
            throw new InvalidOperationException("The process is gone, or the call has no id.");
        }

        Execute(id, request, stream.IsEarlyData);
        bool fails = DrawsFailure();
        await Task.Delay(DrawServiceTime(), world.Clock).ConfigureAwait(false);
        if (fails)
        {
            _wasCut = true;
            stream.Abort(RawStreamErrorCodes.HandlerFailed);
            return;
        }

        await stream.Output.WriteAsync(Answer(id, request)).ConfigureAwait(false);
        await stream.Output.CompleteAsync().ConfigureAwait(false);
        await stream.SendCompletion.ConfigureAwait(false);
    }

    private static async Task<RawStreamHeader?> ReadHeaderAsync(PipeReader input)
    {
        while (true)
        {
            ReadResult read = await input.ReadAsync().ConfigureAwait(false);
            ReadOnlySequence<byte> buffer = read.Buffer;
            RawStreamHeaderStatus status = RawStreamHeaderReader.TryRead(ref buffer, RawStreamLimits.Default, out RawStreamHeader? header, out _);
            input.AdvanceTo(buffer.Start, status == RawStreamHeaderStatus.NeedMore ? read.Buffer.End : buffer.Start);
            if (status != RawStreamHeaderStatus.NeedMore || read.IsCompleted)
            {
                return header;
            }
        }
    }

    private static async Task<byte[]> ReadAllAsync(PipeReader input)
    {
        while (true)
        {
            ReadResult read = await input.ReadAsync().ConfigureAwait(false);
            if (read.IsCompleted)
            {
                byte[] all = read.Buffer.ToArray();
                input.AdvanceTo(read.Buffer.End);
                return all;
            }

            input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }
}
