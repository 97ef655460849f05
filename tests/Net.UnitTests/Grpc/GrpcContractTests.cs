using Microsoft.VisualStudio.TestTools.UnitTesting;
using Net.Grpc;
using Net.Grpc.Messages;
using Net.Protocol.Echo;

namespace Net.UnitTests.Grpc;

[TestClass]
public sealed class GrpcContractTests
{
    private static readonly GrpcContract Echo = GrpcContract.From(EchoReflection.Descriptor, "EchoService");

    [TestMethod]
    public void Unary_Right_CarriesWhatTheFileSays()
    {
        GrpcUnaryMethod<EchoRequest, EchoResponse> method = Echo.Unary<EchoRequest, EchoResponse>("Echo");

        Assert.AreEqual("echo.EchoService/Echo", method.FullName);
        Assert.AreEqual("/echo.EchoService/Echo", method.Path);
        Assert.AreEqual(GrpcMethodKind.Unary, method.Kind);
        Assert.AreEqual(Idempotency.NoSideEffects, method.Idempotency);
    }

    [TestMethod]
    public void From_UnknownService_NamesThoseThereAre()
    {
        ArgumentException wrong = Assert.ThrowsExactly<ArgumentException>(() => GrpcContract.From(EchoReflection.Descriptor, "Other"));

        StringAssert.Contains(wrong.Message, "EchoService");
    }

    [TestMethod]
    public void Unary_UnknownMethod_NamesThoseThereAre()
    {
        ArgumentException wrong = Assert.ThrowsExactly<ArgumentException>(() => Echo.Unary<EchoRequest, EchoResponse>("Ecco"));

        StringAssert.Contains(wrong.Message, "'Ecco'");
        StringAssert.Contains(wrong.Message, "Echo, EchoStream");
    }

    [TestMethod]
    public void Unary_WrongTypes_NamesMethodAndBothTypes()
    {
        ArgumentException request = Assert.ThrowsExactly<ArgumentException>(() => Echo.Unary<EchoResponse, EchoResponse>("Echo"));
        ArgumentException response = Assert.ThrowsExactly<ArgumentException>(() => Echo.Unary<EchoRequest, HealthCheckResponse>("Echo"));

        StringAssert.Contains(request.Message, "request of echo.EchoService/Echo is declared as echo.EchoRequest");
        StringAssert.Contains(request.Message, typeof(EchoResponse).FullName!);
        StringAssert.Contains(response.Message, "response of echo.EchoService/Echo is declared as echo.EchoResponse");
        StringAssert.Contains(response.Message, typeof(HealthCheckResponse).FullName!);
    }

    [TestMethod]
    public void Unary_MethodThatStreams_NamesTheRightKind()
    {
        ArgumentException wrong = Assert.ThrowsExactly<ArgumentException>(() => Echo.Unary<EchoRequest, EchoResponse>("EchoStream"));

        StringAssert.Contains(wrong.Message, "GrpcContract.Duplex");
    }

    [TestMethod]
    public void Create_MethodForgottenBoundTwiceOrForeign_NamesEach()
    {
        GrpcUnaryMethod<EchoRequest, EchoResponse> echo = Echo.Unary<EchoRequest, EchoResponse>("Echo");

        ArgumentException wrong = Assert.ThrowsExactly<ArgumentException>(() => GrpcServiceDefinition.Create<object>(Echo, methods => methods
            .Unary(echo, static (_, _, _) => ValueTask.FromResult(new EchoResponse()))
            .Unary(echo, static (_, _, _) => ValueTask.FromResult(new EchoResponse()))
            .Unary(GrpcHealthMethods.Check, static (_, _, _) => ValueTask.FromResult(new HealthCheckResponse()))
            .Unimplemented("Nothing")));

        StringAssert.Contains(wrong.Message, "echo.EchoService/Echo is bound or left out twice");
        StringAssert.Contains(wrong.Message, "grpc.health.v1.Health/Check is no method of echo.EchoService");
        StringAssert.Contains(wrong.Message, "no method 'Nothing'");
        StringAssert.Contains(wrong.Message, "echo.EchoService/EchoStream has no handler; bind it with Duplex");
    }

    [TestMethod]
    public void Create_MethodLeftOut_ServesTheOthers()
    {
        GrpcServiceDefinition<object> definition = GrpcServiceDefinition.Create<object>(Echo, methods => methods
            .Unary(Echo.Unary<EchoRequest, EchoResponse>("Echo"), static (_, _, _) => ValueTask.FromResult(new EchoResponse()))
            .Unimplemented("EchoStream"));

        Assert.AreEqual("echo.EchoService/Echo", string.Join(", ", definition.Methods));
    }
}
