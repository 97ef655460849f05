using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Google.Protobuf;
using Net.Grpc;
using Net.Hosting.Calling;
using Net.Hosting.Serving;
using Net.Hosting.Services;
using Net.Protocol.Crypto;

namespace Net.Hosting.Signing;

/// <summary>Runs <c>net sign</c>: has the server sign, gets its public key, and verifies one with the other.</summary>
internal sealed class SignRunner(HostContext context, SignOptions options)
{
    // The server takes messages of 4 MiB; the request holds a few bytes beside the data.
    private const int MaxData = (4 << 20) - 64;

    internal async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        using var signals = new ShutdownSignals();
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(signals.Stop, cancellationToken);
        byte[] data = await options.Payload.ReadAsync(context, stop.Token).ConfigureAwait(false);
        if (data.Length > MaxData)
        {
            throw new HostException(ExitCodes.Usage, string.Create(CultureInfo.InvariantCulture, $"There are {data.Length} bytes to sign; a request carries at most {MaxData}."));
        }

        CallChannel channel = await CallChannel.OpenAsync(context, options.Target).ConfigureAwait(false);
        await using (channel.ConfigureAwait(false))
        {
            SignReport report = await SignAsync(channel, data, stop.Token).ConfigureAwait(false);
            await WriteAsync(report).ConfigureAwait(false);
            return report.IsVerified ? ExitCodes.Ok : ExitCodes.Failure;
        }
    }

    private async Task<SignReport> SignAsync(CallChannel channel, byte[] data, CancellationToken cancellationToken)
    {
        KeyType kind = options.Algorithm is SignatureAlgorithm.RsaPkcs1Sha256 or SignatureAlgorithm.RsaPssSha256 ? KeyType.Rsa : KeyType.Ecc;
        long now = context.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds();
        try
        {
            GetPublicKeyResponse key = await channel.Client.UnaryAsync(
                CryptoMethods.GetPublicKey, new GetPublicKeyRequest { KeyType = kind, Algorithm = options.Algorithm, Timestamp = now }, cancellationToken: cancellationToken).ConfigureAwait(false);
            long started = context.TimeProvider.GetTimestamp();
            SignResponse response = await channel.Client.UnaryAsync(
                CryptoMethods.Sign, new SignRequest { Data = UnsafeByteOperations.UnsafeWrap(data), KeyType = kind, Algorithm = options.Algorithm, Timestamp = now }, cancellationToken: cancellationToken).ConfigureAwait(false);
            TimeSpan time = context.TimeProvider.GetElapsedTime(started);
            await KeepAsync(response, key, cancellationToken).ConfigureAwait(false);
            return new SignReport
            {
                EndPoint = options.Target.EndPoint.ToString(),
                Via = channel.Via,
                Algorithm = SignAlgorithms.NameOf(options.Algorithm),
                Bytes = data.Length,
                Signature = Convert.ToBase64String(response.Signature.Span),
                PublicKey = PemEncoding.WriteString("PUBLIC KEY", key.PublicKeyDer.Span),
                IsVerified = SignAlgorithms.Verify(options.Algorithm, key.PublicKeyDer.Span, data, response.Signature.Span),
                Milliseconds = Math.Round(time.TotalMilliseconds, 3),
            };
        }
        catch (GrpcException exception)
        {
            throw HostErrors.CallFailed(exception, options.Target.EndPoint);
        }
    }

    private async Task KeepAsync(SignResponse response, GetPublicKeyResponse key, CancellationToken cancellationToken)
    {
        if (options.SignaturePath is string signature)
        {
            await File.WriteAllBytesAsync(signature, response.Signature.ToByteArray(), cancellationToken).ConfigureAwait(false);
        }

        if (options.PublicKeyPath is string publicKey)
        {
            await File.WriteAllTextAsync(publicKey, PemEncoding.WriteString("PUBLIC KEY", key.PublicKeyDer.Span) + "\n", cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task WriteAsync(SignReport report)
    {
        TextWriter output = context.Output;
        if (options.Json)
        {
            await output.WriteLineAsync(JsonSerializer.Serialize(report, HostJson.Default.SignReport)).ConfigureAwait(false);
            return;
        }

        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"Signed {report.Bytes} bytes with {report.Algorithm} in {report.Milliseconds:0.000} ms over {report.Via}; the signature {(report.IsVerified ? "verifies with the server's public key" : "DOES NOT VERIFY with the server's public key")}.")).ConfigureAwait(false);
        await output.WriteLineAsync(report.Signature).ConfigureAwait(false);
        await output.WriteLineAsync(report.PublicKey).ConfigureAwait(false);
        if (options is { SignaturePath: string signature, PublicKeyPath: string key, Payload.FilePath: string file })
        {
            await output.WriteLineAsync($"Verify it again: openssl dgst {SignAlgorithms.OpenSslOptions(options.Algorithm)} -verify {key} -signature {signature} {file}").ConfigureAwait(false);
        }
    }
}
