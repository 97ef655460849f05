using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Net.Server.Kestrel;
using Net.Testing;

namespace Net.UnitTests.Kestrel;

/// <summary>Engines derive credentials once for each instance, so that the same certificate must give the same instance however it comes.</summary>
[TestClass]
public sealed class SslOptionsTranslatorTests
{
    private static readonly TlsIdentity Server = TestCertificates.Shared.Server;

    [TestMethod]
    public void Translate_NewOptionsForTheSameCertificate_GivesTheSameInstance()
    {
        var translator = new SslOptionsTranslator([]);

        ServerTlsOptions first = translator.Translate(WithContext(), "");
        ServerTlsOptions second = translator.Translate(WithContext(), "other");

        Assert.AreSame(first, second);
        Assert.HasCount(1, first.Identity.Intermediates);
        Assert.AreEqual(ClientCertificateMode.None, first.ClientCertificateMode);
    }

    [TestMethod]
    public void Translate_AnotherCallbackForTheSameCertificate_KeepsIdentityAndTickets()
    {
        var translator = new SslOptionsTranslator([]);
        ServerTlsOptions first = translator.Translate(WithCallback(1), "");
        ServerTlsOptions second = translator.Translate(WithCallback(2), "");

        Assert.AreNotSame(first, second);
        Assert.AreSame(first.Identity, second.Identity);
        Assert.IsTrue(first.TicketKey.Span.SequenceEqual(second.TicketKey.Span));
    }

    [TestMethod]
    public void Translate_AnotherCertificate_GetsAnotherTicketKeyAndAHigherGeneration()
    {
        var translator = new SslOptionsTranslator([]);
        TlsIdentity other = TestCertificates.Shared.CreateServer();

        ServerTlsOptions first = translator.Translate(WithContext(), "");
        ServerTlsOptions second = translator.Translate(new SslServerAuthenticationOptions { ServerCertificate = other.Certificate }, "");

        Assert.IsFalse(first.TicketKey.Span.SequenceEqual(second.TicketKey.Span), "sessions would outlive the certificate that they rely on");
        Assert.IsGreaterThan(first.Identity.Generation, second.Identity.Generation);
    }

    [TestMethod]
    public void Translate_ACertificateAlone_FindsItsIntermediatesAmongThoseGiven()
    {
        var translator = new SslOptionsTranslator([TestCertificates.Shared.Intermediate]);

        ServerTlsOptions options = translator.Translate(new SslServerAuthenticationOptions { ServerCertificate = Server.Certificate }, "");

        Assert.AreEqual(TestCertificates.Shared.Intermediate.Thumbprint, options.Identity.Intermediates.Single().Thumbprint);
    }

    [TestMethod]
    public void Translate_ASelector_IsAskedWithTheName()
    {
        var translator = new SslOptionsTranslator([]);
        string? asked = null;
        var options = new SslServerAuthenticationOptions
        {
            ServerCertificateSelectionCallback = (_, name) =>
            {
                asked = name;
                return Server.Certificate;
            },
        };

        ServerTlsOptions translated = translator.Translate(options, "a.test.example");

        Assert.AreEqual("a.test.example", asked);
        Assert.AreEqual(Server.Certificate.Thumbprint, translated.Identity.Certificate.Thumbprint);
    }

    [TestMethod]
    public void Translate_MoreCallbacksThanItRemembers_ForgetsRatherThanGrows()
    {
        var translator = new SslOptionsTranslator([]);
        TlsIdentity identity = translator.Translate(WithCallback(0), "").Identity;

        for (int i = 1; i < (SslOptionsTranslator.Capacity * 3); i++)
        {
            Assert.AreSame(identity, translator.Translate(WithCallback(i), "").Identity);
        }

        Assert.IsLessThanOrEqualTo(SslOptionsTranslator.Capacity, translator.Count);
    }

    [TestMethod]
    public void Translate_WithoutACertificate_SaysWhatToSet()
    {
        InvalidOperationException exception = Assert.ThrowsExactly<InvalidOperationException>(() => new SslOptionsTranslator([]).Translate(new SslServerAuthenticationOptions(), "a"));

        Assert.Contains("ServerCertificateContext", exception.Message);
    }

    [TestMethod]
    public void Translate_OnlyOldVersionsOfTls_IsRefused()
    {
#pragma warning disable CA5398 // The test is about an end point that pins an old version.
        SslServerAuthenticationOptions options = WithContext();
        options.EnabledSslProtocols = SslProtocols.Tls12;
#pragma warning restore CA5398

        Assert.ThrowsExactly<NotSupportedException>(() => new SslOptionsTranslator([]).Translate(options, ""));
    }

    private static SslServerAuthenticationOptions WithContext() => new()
    {
        ServerCertificateContext = SslStreamCertificateContext.Create(new X509Certificate2(Server.Certificate), [.. Server.Intermediates], offline: true),
    };

    // A closure of its own each time, as a callback form of UseHttps makes them.
    private static SslServerAuthenticationOptions WithCallback(int number)
    {
        SslServerAuthenticationOptions options = WithContext();
        options.ClientCertificateRequired = true;
        options.RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null && number >= 0;
        return options;
    }
}
