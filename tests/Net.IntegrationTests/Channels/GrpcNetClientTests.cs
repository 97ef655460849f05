using System.Collections.Concurrent;
using System.Net.Http;
using global::Grpc.Core;
using global::Grpc.Net.Client;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Net.Channels;
using Net.Client;
using Net.Grpc;
using Net.Grpc.Messages;
using Net.Hosting.Services;
using Net.IntegrationTests.Interop;
using Net.IntegrationTests.Kestrel;
using Net.Protocol.Echo;
using Net.Server;
using Net.Testing;

namespace Net.IntegrationTests.Channels;

/// <summary>The stock client of gRPC for .NET over a channel's handler: it keeps its own interface, and the pool is the channel's.</summary>
[TestClass]
public sealed class GrpcNetClientTests
{
    private static readonly Method<EchoRequest, EchoResponse> Echo = new(MethodType.Unary, "echo.EchoService", "Echo", MarshallerOf(EchoRequest.Parser), MarshallerOf(EchoResponse.Parser));
    private static readonly Method<EchoRequest, EchoResponse> EchoStream = new(MethodType.DuplexStreaming, "echo.EchoService", "EchoStream", MarshallerOf(EchoRequest.Parser), MarshallerOf(EchoResponse.Parser));
    private static readonly Method<HealthCheckRequest, HealthCheckResponse> Watch =
        new(MethodType.ServerStreaming, "grpc.health.v1.Health", "Watch", MarshallerOf(HealthCheckRequest.Parser), MarshallerOf(HealthCheckResponse.Parser));

    private static InteropCertificates s_certificates = null!;

    [ClassInitialize]
    public static async Task MakeCertificatesAsync(TestContext context)
    {
        InteropRequirement.Engine();
        s_certificates = await InteropCertificates.MakeAsync();
    }

    [ClassCleanup]
    public static void DeleteCertificates() => s_certificates?.Dispose();

    [TestMethod]
    [DataRow(FallbackPolicy.Exact, "h3")]
    [DataRow(FallbackPolicy.Only, "h2")]
    public async Task Calls_OfEachKind_GoThroughTheChannel(FallbackPolicy policy, string protocol)
    {
        await using ChannelSite site = await ChannelSite.StartAsync(s_certificates);
        await using ClientChannel channel = ChannelSite.Builder(s_certificates, site).UseFallback(policy).Build();
        using GrpcChannel stock = Stock(channel);
        CallInvoker invoker = stock.CreateCallInvoker();

        using AsyncUnaryCall<EchoResponse> unary = invoker.AsyncUnaryCall(Echo, null, default, new EchoRequest { Payload = "one" });
        Assert.AreEqual("one", (await unary.ResponseAsync.WithTimeout()).Payload);
        Assert.AreEqual(StatusCode.OK, unary.GetStatus().StatusCode);

        using (AsyncDuplexStreamingCall<EchoRequest, EchoResponse> duplex = invoker.AsyncDuplexStreamingCall(EchoStream, null, default))
        {
            for (int i = 0; i < 5; i++)
            {
                await duplex.RequestStream.WriteAsync(new EchoRequest { Payload = $"message {i}" }).WithTimeout();
                Assert.IsTrue(await duplex.ResponseStream.MoveNext(CancellationToken.None).WithTimeout());
                Assert.AreEqual($"message {i}", duplex.ResponseStream.Current.Payload);
            }

            Assert.AreEqual(1, channel.GetSnapshot().InFlight, "A call counts until its end.");
            await duplex.RequestStream.CompleteAsync().WithTimeout();
            Assert.IsFalse(await duplex.ResponseStream.MoveNext(CancellationToken.None).WithTimeout());
        }

        using (AsyncServerStreamingCall<HealthCheckResponse> watch = invoker.AsyncServerStreamingCall(Watch, null, default, new HealthCheckRequest()))
        {
            Assert.IsTrue(await watch.ResponseStream.MoveNext(CancellationToken.None).WithTimeout());
            Assert.AreEqual(HealthCheckResponse.Types.ServingStatus.Serving, watch.ResponseStream.Current.Status);
            site.Health.Set("", isServing: false);
            Assert.IsTrue(await watch.ResponseStream.MoveNext(CancellationToken.None).WithTimeout());
            Assert.AreEqual(HealthCheckResponse.Types.ServingStatus.NotServing, watch.ResponseStream.Current.Status);
        }

        await WaitForNoLeasesAsync(channel);
        Assert.AreEqual(protocol, channel.GetSnapshot().EndPoints.Single().Connections.Select(static c => c.Protocol).Distinct().Single());
    }

    [TestMethod]
    public async Task Call_PastItsDeadlineOrCancelled_EndsWithThatStatusAndGivesAllBack()
    {
        await using ChannelSite site = await ChannelSite.StartAsync(s_certificates);
        await using ClientChannel channel = ChannelSite.Builder(s_certificates, site).UseFallback(FallbackPolicy.Exact).Build();
        using GrpcChannel stock = Stock(channel);
        CallInvoker invoker = stock.CreateCallInvoker();
        await channel.WarmUpAsync().WithTimeout();

        using (AsyncServerStreamingCall<HealthCheckResponse> late = invoker.AsyncServerStreamingCall(
            Watch, null, new CallOptions(deadline: DateTime.UtcNow.AddMilliseconds(300)), new HealthCheckRequest()))
        {
            RpcException exception = await Assert.ThrowsExactlyAsync<RpcException>(() => DrainAsync(late.ResponseStream).WithTimeout());
            Assert.AreEqual(StatusCode.DeadlineExceeded, exception.StatusCode);
        }

        using var cancellation = new CancellationTokenSource();
        using (AsyncServerStreamingCall<HealthCheckResponse> given = invoker.AsyncServerStreamingCall(Watch, null, new CallOptions(cancellationToken: cancellation.Token), new HealthCheckRequest()))
        {
            Assert.IsTrue(await given.ResponseStream.MoveNext(CancellationToken.None).WithTimeout());
            await cancellation.CancelAsync();
            RpcException exception = await Assert.ThrowsExactlyAsync<RpcException>(() => DrainAsync(given.ResponseStream).WithTimeout());
            Assert.AreEqual(StatusCode.Cancelled, exception.StatusCode);
        }

        await WaitForNoLeasesAsync(channel);
    }

    [TestMethod]
    public async Task Call_WhoseHostDies_IsSentAgainToTheOtherByTheChannel()
    {
        var hosts = new Hosts();
        await using KestrelSite first = await StartAsync(hosts);
        await using KestrelSite second = await StartAsync(hosts);
        await using ClientChannel channel = await ConnectAsync(first, second);
        using GrpcChannel stock = Stock(channel);

        using AsyncUnaryCall<EchoResponse> call = stock.CreateCallInvoker().AsyncUnaryCall(Echo, null, default, new EchoRequest { Payload = "on" });
        int hung = await hosts.FirstCall.WithTimeout();
        await (first.Port == hung ? first : second).StopAsync(new CancellationToken(canceled: true)).WithTimeout();

        Assert.AreEqual("on", (await call.ResponseAsync.WithTimeout()).Payload);
        Assert.HasCount(2, hosts.Ports.Distinct().ToArray());
        for (int i = 0; i < 10; i++)
        {
            using AsyncUnaryCall<EchoResponse> next = stock.CreateCallInvoker().AsyncUnaryCall(Echo, null, default, new EchoRequest { Payload = $"{i}" });
            Assert.AreEqual($"{i}", (await next.ResponseAsync.WithTimeout()).Payload);
        }

        await WaitForNoLeasesAsync(channel);
    }

    [TestMethod]
    public async Task Call_OfAMethodThatIsNotMarked_IsNotSentAgainWhenItsHostDies()
    {
        var hosts = new Hosts();
        await using KestrelSite first = await StartAsync(hosts);
        await using KestrelSite second = await StartAsync(hosts);
        await using ClientChannel channel = await ConnectAsync(first, second);

        // The same service, from a .proto file that says nothing of its methods.
        FileDescriptorProto silent = EchoReflection.Descriptor.ToProto();
        silent.Service.Single().Method.ToList().ForEach(static method => method.Options = null);
        var service = FileDescriptor.BuildFromByteStrings([silent.ToByteString()]).Single().Services.Single();
        using var stock = GrpcChannel.ForAddress(
            "https://localhost", new GrpcChannelOptions { HttpHandler = channel.CreateHttpHandler(MethodIdempotency.Of(service)), DisposeHttpClient = true });

        using AsyncUnaryCall<EchoResponse> call = stock.CreateCallInvoker().AsyncUnaryCall(Echo, null, default, new EchoRequest { Payload = "once" });
        int hung = await hosts.FirstCall.WithTimeout();
        await (first.Port == hung ? first : second).StopAsync(new CancellationToken(canceled: true)).WithTimeout();

        await Assert.ThrowsExactlyAsync<RpcException>(() => call.ResponseAsync.WithTimeout());
        Assert.HasCount(1, hosts.Ports);
        await WaitForNoLeasesAsync(channel);
    }

    /// <summary>A channel with a connection to each host. A host that dies in a call says that the call failed.</summary>
    private static async Task<ClientChannel> ConnectAsync(params KestrelSite[] hosts)
    {
        foreach (KestrelSite host in hosts)
        {
            host.Errors.Expect("ApplicationError");
        }

        ClientChannel channel = new NetChannelBuilder([.. hosts.Select(static s => $"https://localhost:{s.Port}")])
            .UseTrust(s_certificates.Trust).UseFallback(FallbackPolicy.Exact).UsePool(PoolOptions.Default with { MinConnections = 1 }).Build();
        await channel.WarmUpAsync(hosts.Length).WithTimeout();
        return channel;
    }

    private static GrpcChannel Stock(ClientChannel channel) =>
        GrpcChannel.ForAddress("https://localhost", new GrpcChannelOptions { HttpHandler = channel.CreateHttpHandler(MethodIdempotency.Of(EchoMethods.Contract.Service)), DisposeHttpClient = true });

    private static Marshaller<T> MarshallerOf<T>(MessageParser<T> parser)
        where T : IMessage<T> => Marshallers.Create(static message => message.ToByteArray(), parser.ParseFrom);

    private static async Task DrainAsync(IAsyncStreamReader<HealthCheckResponse> reader)
    {
        while (await reader.MoveNext(CancellationToken.None))
        {
        }
    }

    private static Task<KestrelSite> StartAsync(Hosts hosts) => KestrelSite.StartAsync(
        s_certificates, application => application.MapNetGrpc(Hosts.Definition, hosts), build: static builder => builder.Services.Configure<HostOptions>(static o => o.ShutdownTimeout = TimeSpan.FromMilliseconds(100)));

    private static async Task WaitForNoLeasesAsync(ClientChannel channel)
    {
        using var deadline = new CancellationTokenSource(TestDeadline.Limit);
        while (channel.GetSnapshot().InFlight > 0)
        {
            await Task.Delay(5, deadline.Token);
        }
    }

    /// <summary>An echo whose first call hangs, on whichever host it comes.</summary>
    private sealed class Hosts
    {
        private readonly TaskCompletionSource<int> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal static GrpcServiceDefinition<Hosts> Definition { get; } = GrpcServiceDefinition.Create<Hosts>(EchoMethods.Contract, static methods => methods
            .Unary(EchoMethods.Echo, static (hosts, request, context) => hosts.AnswerAsync(request, context))
            .Unimplemented("EchoStream"));

        internal Task<int> FirstCall => _first.Task;

        internal ConcurrentQueue<int> Ports { get; } = [];

        private async ValueTask<EchoResponse> AnswerAsync(EchoRequest request, GrpcServerContext context)
        {
            int port = ((HttpContext)context.Host!).Connection.LocalPort;
            Ports.Enqueue(port);
            if (_first.TrySetResult(port))
            {
                await Task.Delay(Timeout.Infinite, context.CancellationToken);
            }

            return new EchoResponse { Payload = request.Payload };
        }
    }
}
