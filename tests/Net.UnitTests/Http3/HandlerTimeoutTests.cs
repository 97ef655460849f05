using System.Net;
using Net.Http3;
using Net.Testing;

namespace Net.UnitTests.Http3;

/// <summary>Limits of time against a server that never answers: what the user of HttpClient is told, and what is left behind.</summary>
[TestClass]
public sealed class HandlerTimeoutTests
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(7);

    // Of HttpClient, which takes no clock. Long enough for a request to reach a server in memory, short enough to wait for.
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);

    [TestMethod]
    public async Task ConnectTimeout_AgainstAServerThatNeverAnswers_IsAConnectionError()
    {
        var time = new ManualTimeProvider();
        await using var silent = new SilentEngine();
        await using HandlerFixture fixture = await StartAsync(o => o with { Engine = silent, ConnectTimeout = ConnectTimeout, TimeProvider = time });
        using HttpClient client = Client(fixture, Timeout.InfiniteTimeSpan);
        Task<HttpResponseMessage>[] sending = [client.SendAsync(fixture.Get()), client.SendAsync(fixture.Get("other"))];
        await silent.Connecting(1).WithTimeout();

        time.Advance(ConnectTimeout - TimeSpan.FromMilliseconds(1));
        Assert.IsFalse(silent.Abandoned(1).IsCompleted, "It gave up too early.");
        time.Advance(TimeSpan.FromMilliseconds(1));

        // Both waited for the same attempt.
        foreach (Task<HttpResponseMessage> each in sending)
        {
            HttpRequestException failure = await Assert.ThrowsExactlyAsync<HttpRequestException>(() => each.WithTimeout());
            Assert.AreEqual(HttpRequestError.ConnectionError, failure.HttpRequestError);
            TransportException? transport = Http3Exceptions.FindTransportException(failure);
            Assert.AreEqual(TransportError.ConnectFailed, transport?.Error);
            Assert.Contains("7 s (Http3HandlerOptions.ConnectTimeout)", transport!.Message);
        }

        await silent.Abandoned(1).WithTimeout();

        // The next one tries anew, with all the time there is.
        Task<HttpResponseMessage> next = client.SendAsync(fixture.Get());
        await silent.Connecting(2).WithTimeout();
        time.Advance(ConnectTimeout);
        await Assert.ThrowsExactlyAsync<HttpRequestException>(() => next.WithTimeout());
        Assert.IsEmpty(fixture.Fallback.Requests);
    }

    [TestMethod]
    public async Task ConnectTimeout_WhereThePolicyAllows_FallsBack()
    {
        var time = new ManualTimeProvider();
        await using var silent = new SilentEngine();
        await using HandlerFixture fixture = await StartAsync(o => o with { Engine = silent, ConnectTimeout = ConnectTimeout, TimeProvider = time });
        using HttpClient client = Client(fixture, Timeout.InfiniteTimeSpan);
        HttpRequestMessage request = fixture.Get();
        request.VersionPolicy = HttpVersionPolicy.RequestVersionOrLower;
        Task<HttpResponseMessage> sending = client.SendAsync(request);
        await silent.Connecting(1).WithTimeout();

        time.Advance(ConnectTimeout);

        using HttpResponseMessage response = await sending.WithTimeout();
        Assert.HasCount(1, fixture.Fallback.Requests);
    }

    [TestMethod]
    public async Task Cancellation_WhileConnecting_EndsTheRequestAndNotTheAttemptOfOthers()
    {
        var time = new ManualTimeProvider();
        await using var silent = new SilentEngine();
        await using HandlerFixture fixture = await StartAsync(o => o with { Engine = silent, ConnectTimeout = ConnectTimeout, TimeProvider = time });
        using HttpClient client = Client(fixture, Timeout.InfiniteTimeSpan);
        using var cancellation = new CancellationTokenSource();
        Task<HttpResponseMessage> cancelled = client.SendAsync(fixture.Get(), cancellation.Token);
        Task<HttpResponseMessage> other = client.SendAsync(fixture.Get());
        await silent.Connecting(1).WithTimeout();

        await cancellation.CancelAsync();

        TaskCanceledException failure = await Assert.ThrowsExactlyAsync<TaskCanceledException>(() => cancelled.WithTimeout());
        Assert.AreEqual(cancellation.Token, failure.CancellationToken);
        Assert.IsFalse(failure.InnerException is TimeoutException, failure.ToString());
        Assert.IsFalse(other.IsCompleted);
        Assert.IsFalse(silent.Abandoned(1).IsCompleted);
        time.Advance(ConnectTimeout);
        await Assert.ThrowsExactlyAsync<HttpRequestException>(() => other.WithTimeout());
    }

    [TestMethod]
    public async Task HttpClientTimeout_WhileConnecting_IsATaskCanceledExceptionWithATimeoutInside()
    {
        await using var silent = new SilentEngine();
        await using HandlerFixture fixture = await StartAsync(o => o with { Engine = silent, TimeProvider = new ManualTimeProvider() });
        using HttpClient client = Client(fixture, Short);

        await CheckTimedOutAsync(client.SendAsync(fixture.Get()));
    }

    [TestMethod]
    public async Task HttpClientTimeout_BeforeTheHeaders_ResetsTheRequestAndKeepsTheConnection()
    {
        var reset = new TaskCompletionSource<TransportException>(TaskCreationOptions.RunContinuationsAsynchronously);
        bool hasSeen = false;
        await using HandlerFixture fixture = await HandlerFixture.StartAsync(async (request, _) =>
        {
            await request.ReadToEndAsync();
            if (request[":path"] == "/silent")
            {
                Volatile.Write(ref hasSeen, true);
                reset.TrySetResult(await Assert.ThrowsExactlyAsync<TransportException>(() => request.Stream.SendCompletion));
                return;
            }

            await request.FinishAsync(FrameBytes.Headers((":status", "200")));
        });
        using HttpClient patient = Client(fixture, Timeout.InfiniteTimeSpan);
        using HttpClient client = Client(fixture, Short);
        (await patient.SendAsync(fixture.Get()).WithTimeout()).Dispose();

        // On a busy machine the time can be over before the request has begun; then it is sent again.
        do
        {
            await CheckTimedOutAsync(client.SendAsync(fixture.Get("silent")));
        }
        while (!Volatile.Read(ref hasSeen));

        Assert.AreEqual((long)Http3ErrorCode.RequestCancelled, (await reset.Task.WithTimeout()).ApplicationErrorCode);
        (await patient.SendAsync(fixture.Get()).WithTimeout()).Dispose();
        Assert.HasCount(1, fixture.Connections);
    }

    [TestMethod]
    public async Task HttpClientTimeout_InTheMiddleOfTheContent_IsATaskCanceledExceptionWithATimeoutInside()
    {
        await using HandlerFixture fixture = await HandlerFixture.StartAsync(static async (request, _) =>
        {
            await request.ReadToEndAsync();
            await request.WriteAsync(FrameBytes.Headers((":status", "200")), FrameBytes.Data("half of it"));
            await Assert.ThrowsExactlyAsync<TransportException>(() => request.Stream.SendCompletion);
        });
        using HttpClient client = Client(fixture, Short);

        await CheckTimedOutAsync(client.SendAsync(fixture.Get()));
    }

    [TestMethod]
    public async Task CancelPendingRequests_IsNoTimeout()
    {
        await using var silent = new SilentEngine();
        await using HandlerFixture fixture = await StartAsync(o => o with { Engine = silent, TimeProvider = new ManualTimeProvider() });
        using HttpClient client = Client(fixture, Timeout.InfiniteTimeSpan);
        Task<HttpResponseMessage> sending = client.SendAsync(fixture.Get());
        await silent.Connecting(1).WithTimeout();

        client.CancelPendingRequests();

        TaskCanceledException failure = await Assert.ThrowsExactlyAsync<TaskCanceledException>(() => sending.WithTimeout());
        Assert.IsFalse(failure.InnerException is TimeoutException, failure.ToString());
    }

    private static Task<HandlerFixture> StartAsync(Func<Http3HandlerOptions, Http3HandlerOptions> change) => HandlerFixture.StartAsync(static (_, _) => Task.CompletedTask, change);

    private static HttpClient Client(HandlerFixture fixture, TimeSpan timeout) => new(fixture.Handler, disposeHandler: false) { Timeout = timeout };

    // As SocketsHttpHandler's users know it (https://learn.microsoft.com/dotnet/api/system.net.http.httpclient.timeout).
    private static async Task CheckTimedOutAsync(Task<HttpResponseMessage> sending)
    {
        TaskCanceledException failure = await Assert.ThrowsExactlyAsync<TaskCanceledException>(() => sending.WithTimeout());
        Assert.IsInstanceOfType<TimeoutException>(failure.InnerException, failure.ToString());
        Assert.Contains("HttpClient.Timeout", failure.Message);
    }

    /// <summary>An engine whose peers never answer.</summary>
    private sealed class SilentEngine : TransportEngine
    {
        private readonly List<(TaskCompletionSource Begun, TaskCompletionSource Abandoned)> _attempts = [];
        private int _begun;

        public override string Name => "silent";

        public override EngineSupport Support { get; } = new(true, null, null);

        public override EngineCapabilities Capabilities => EngineCapabilities.None;

        public override ValueTask DisposeAsync() => default;

        internal Task Connecting(int number) => Attempt(number).Begun.Task;

        internal Task Abandoned(int number) => Attempt(number).Abandoned.Task;

        protected override async ValueTask<TransportConnection> ConnectCoreAsync(ConnectOptions options, CancellationToken cancellationToken)
        {
            (TaskCompletionSource begun, TaskCompletionSource abandoned) = Attempt(Interlocked.Increment(ref _begun));
            begun.SetResult();
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
                throw new InvalidOperationException("This cannot end.");
            }
            finally
            {
                abandoned.SetResult();
            }
        }

        protected override ValueTask<TransportListener> ListenCoreAsync(ListenOptions options, CancellationToken cancellationToken) => throw new NotSupportedException();

        private (TaskCompletionSource Begun, TaskCompletionSource Abandoned) Attempt(int number)
        {
            lock (_attempts)
            {
                while (_attempts.Count < number)
                {
                    _attempts.Add((New(), New()));
                }

                return _attempts[number - 1];
            }

            static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
