using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using Net.Chaos.Ledgers;
using Net.Chaos.Running.Loads;

namespace Net.Chaos.Simulation;

/// <summary>What runs on a host: it takes raw streams, notes each call that it executes, and sends back what came.</summary>
internal sealed class SimulatedServer(SimulationWorld world, string name, ServerLedger ledger, SimulationParts parts)
{
    private static readonly TimeSpan ServiceTime = TimeSpan.FromMilliseconds(20);
    private readonly List<TransportConnection> _connections = [];
    private int _life;
    private bool _wasCut;

    internal string Name => name;

    /// <summary>Share of the calls whose handler fails.</summary>
    internal double FailShare { get; set; }

    /// <summary>Whether it takes no new streams.</summary>
    internal bool IsDraining { get; private set; }

    /// <summary>Handlers at work.</summary>
    internal int Running { get; private set; }

    internal int Connections => _connections.Count;

    /// <summary>Connections that went on with the session of an earlier one.</summary>
    internal int Resumed { get; private set; }

    /// <summary>Calls that were executed and had come as early data: somebody may have sent them a second time.</summary>
    internal HashSet<UInt128> Early { get; } = [];

    /// <summary>Serves a connection until it is over. Goes on inside the simulation's steps.</summary>
    internal void Serve(TransportConnection connection) => _ = ServeAsync(connection, _life);

    /// <summary>The process is gone: what still runs must leave no trace.</summary>
    internal void Forget()
    {
        _life++;
        _connections.Clear();
        _wasCut = false;
        IsDraining = false;
    }

    /// <summary>Closes every connection at once, as a server does that is told to.</summary>
    internal void Reset()
    {
        foreach (TransportConnection connection in _connections.ToArray())
        {
            _ = connection.CloseAsync(RawStreamErrorCodes.ShuttingDown).AsTask();
        }
    }

    /// <summary>Refuses new streams and closes each connection when its last stream has ended.</summary>
    internal void Drain()
    {
        IsDraining = true;
        _ = CloseWhenQuietAsync(_life);
    }

    /// <summary>Takes streams again.</summary>
    internal void EndDrain() => IsDraining = false;

    private async Task CloseWhenQuietAsync(int life)
    {
        while (life == _life && IsDraining && Running > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), world.Clock).ConfigureAwait(false);
        }

        if (life == _life && IsDraining)
        {
            foreach (TransportConnection connection in _connections.ToArray())
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

        _connections.Remove(connection);
        await connection.DisposeAsync().ConfigureAwait(false);
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
        if (life != _life || !UInt128.TryParse(header.Metadata.GetText(UnaryLoad.IdName), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out UInt128 id))
        {
            throw new InvalidOperationException("The process is gone, or the call has no id.");
        }

        world.Trace.Note("executed", 0, name);
        ledger.Add(name, id, CallDigest.Of(request));
        if (stream.IsEarlyData)
        {
            Early.Add(id);
        }

        bool fails = FailShare > 0 && world.Random.NextDouble() < FailShare;
        await Task.Delay(world.Draw(ServiceTime), world.Clock).ConfigureAwait(false);
        if (fails)
        {
            _wasCut = true;
            stream.Abort(RawStreamErrorCodes.HandlerFailed);
            return;
        }

        await stream.Output.WriteAsync(parts.Answer(id, request)).ConfigureAwait(false);
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
