using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Testing;

namespace Net.ClientTests.Tcp;

/// <summary>Replays the examples of protocol/net-1.md, section 7.1, against a server's side, so that text and code cannot drift apart.</summary>
[TestClass]
public sealed partial class FrameExampleTests
{
    private static readonly string Text = File.ReadAllText(Path.Combine(SourceFolder(), "../../../protocol/net-1.md"));

    public static IEnumerable<TestDataRow<string>> Examples => Example().Matches(Text).Select(static match => new TestDataRow<string>(match.Groups[1].Value)
    {
        DisplayName = $"line {Text[..match.Index].Count(static c => c == '\n') + 1}",
    });

    [TestMethod]
    [DynamicData(nameof(Examples))]
    public async Task Example_OfTheSpecification_GoesAsItSays(string example)
    {
        (PipeLink client, PipeLink serverLink) = PipeLink.MakePair();
        TcpConnection server = TcpConnection.Start(serverLink, Options(), isServer: true, TimeSpan.Zero);
        Task serving = ServeAsync(server);

        foreach (string line in example.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            switch (line[0])
            {
                case '>':
                    await client.Output.WriteAsync(Bytes(line)).WithTimeout();
                    break;
                case '<':
                    byte[] expected = Bytes(line);
                    ReadResult read = await client.Input.ReadAtLeastAsync(expected.Length).WithTimeout();
                    ReadOnlySequence<byte> answer = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, expected.Length));
                    Assert.AreEqual(Convert.ToHexString(expected), Convert.ToHexString(answer.ToArray()), line);
                    client.Input.AdvanceTo(answer.End);
                    break;
                case '=' when line == "= violation":
                    Assert.AreEqual((CloseInitiator.Local, TransportError.ProtocolViolation, (long?)RawStreamErrorCodes.FramingError), Of(await server.Closed.WithTimeout()));
                    Assert.AreEqual($"close {RawStreamErrorCodes.FramingError}", await ReadCloseAsync(client));
                    break;
                case '=':
                    ConnectionClose close = await server.Closed.WithTimeout();
                    Assert.AreEqual(line, $"= closed {close.ApplicationErrorCode} {close.Reason}");
                    break;
                default:
                    Assert.Fail($"The example has the line '{line}', which this test does not know.");
                    break;
            }
        }

        await client.Output.CompleteAsync();
        await server.DisposeAsync().WithTimeout();
        await server.Finished.WithTimeout();
        await serving.WithTimeout();
    }

    [TestMethod]
    public void Constants_OfTheSpecification_AreTheCodes()
    {
        Assert.Contains($"at most {TcpFrame.MaxPayload}", Text);
        Assert.Contains($"may send {TcpFrame.InitialCredit} bytes on a new stream", Text);
        Assert.Contains($"may open {TcpFrame.InitialStreams} streams on a new connection", Text);
        Assert.Contains($"at most {TcpFrame.MaxReason} bytes", Text);
        Assert.IsGreaterThan(10, Examples.Count());
    }

    internal static TcpConnectionOptions Options(TimeProvider? timeProvider = null) => new()
    {
        ApplicationProtocol = RawStreamProtocol.ApplicationProtocol,
        Limits = new TransportLimits { StreamReceiveWindow = TcpFrame.InitialCredit },
        IdleTimeout = Timeout.InfiniteTimeSpan,
        // Stands still, so that no machine is too slow for the second that a closing side waits.
        TimeProvider = timeProvider ?? new ManualTimeProvider(),
    };

    // Answers each stream with its own bytes, once it has them all.
    private static async Task ServeAsync(TcpConnection server)
    {
        while (true)
        {
            TransportStream stream;
            try
            {
                stream = await server.AcceptStreamAsync();
            }
            catch (TransportException)
            {
                return;
            }

            try
            {
                ReadResult all = await stream.Input.ReadAsync();
                while (!all.IsCompleted)
                {
                    stream.Input.AdvanceTo(all.Buffer.Start, all.Buffer.End);
                    all = await stream.Input.ReadAsync();
                }

                foreach (ReadOnlyMemory<byte> piece in all.Buffer)
                {
                    stream.Output.Write(piece.Span);
                }

                stream.Input.AdvanceTo(all.Buffer.End);
                await stream.Output.CompleteAsync();
            }
            catch (TransportException)
            {
                stream.AbortWrite(RawStreamErrorCodes.HandlerFailed);
            }

            await stream.DisposeAsync();
        }
    }

    private static (CloseInitiator, TransportError, long?) Of(ConnectionClose close) => (close.Initiator, close.Error, close.ApplicationErrorCode);

    private static async Task<string> ReadCloseAsync(PipeLink client)
    {
        // A stream's answer may come before it.
        while (true)
        {
            ReadResult read = await client.Input.ReadAsync().WithTimeout();
            ReadOnlySequence<byte> buffer = read.Buffer;
            while (TcpFrame.TryRead(ref buffer, out long type, out ReadOnlySequence<byte> payload))
            {
                if (type == TcpFrame.Close)
                {
                    long code = TcpFrame.TakeInteger(ref payload);
                    Assert.IsFalse(payload.IsEmpty, "A violation is told with its reason.");
                    client.Input.AdvanceTo(buffer.Start);
                    return $"close {code}";
                }
            }

            client.Input.AdvanceTo(buffer.Start, buffer.End);
            Assert.IsFalse(read.IsCompleted, "The server ended without a CLOSE.");
        }
    }

    private static byte[] Bytes(string line) => Convert.FromHexString(line[1..].Split(';')[0].Replace(" ", "", StringComparison.Ordinal));

    private static string SourceFolder([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;

    [GeneratedRegex(@"```frames\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Example();
}
