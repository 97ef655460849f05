using System.Diagnostics;
using Net.Channels;
using Net.Client;
using Net.Grpc;
using Net.Hosting.Services;
using Net.IntegrationTests.Interop;
using Net.Protocol.Echo;
using Net.Testing;

namespace Net.IntegrationTests.Channels;

/// <summary>What a call's spans say of how it came to its connection.</summary>
[TestClass]
public sealed class ExplainTests
{
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
    [DataRow(FallbackPolicy.Exact, "h3", "quic: ")]
    [DataRow(FallbackPolicy.Only, "h2", "tcp: ")]
    public async Task GrpcCall_Explained_SaysOnItsSpansWhichTransportAndWhy(FallbackPolicy policy, string protocol, string choice)
    {
        using var own = new ActivitySource("Net.IntegrationTests.ExplainTests");
        List<Activity> attempts = [];
        Activity? caller = null;
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source == own || source.Name == ClientDiagnostics.SourceName,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
            {
                if (activity.OperationName == "transport.attempt" && activity.TraceId == caller?.TraceId)
                {
                    attempts.Add(activity);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        await using ChannelSite site = await ChannelSite.StartAsync(s_certificates);
        await using ClientChannel channel = ChannelSite.Builder(s_certificates, site).UseFallback(policy).Build();
        using GrpcClient grpc = channel.CreateGrpcClient();
        var trace = new CallTrace();
        using (caller = own.StartActivity("caller"))
        {
            await grpc.UnaryAsync(EchoMethods.Echo, new EchoRequest { Payload = "hello" }, GrpcCallOptions.Default.With(ChannelRequestOptions.Trace, trace)).AsTask().WithTimeout();
        }

        Activity attempt = attempts.Single();
        Assert.AreEqual(protocol, attempt.GetTagItem("network.protocol.name"));
        Assert.StartsWith(choice, (string)attempt.GetTagItem("transport.pool.choice")!);
        CollectionAssert.AreEqual(trace.Steps.Select(static s => s.ToString()).ToArray(), (string[])caller!.GetTagItem("transport.pool.explain")!);
        Assert.IsTrue(trace.Steps.Any(static s => s.Kind == CallTraceStepKind.Leased));
    }
}
