using System.Collections.Concurrent;

namespace Net.Testing;

/// <summary>What a policy was asked, with copies of all that is not a value.</summary>
/// <param name="Chain">The chain, DER.</param>
/// <param name="IsServerCertificate">Whether a server was judged.</param>
/// <param name="ServerName">The name.</param>
/// <param name="IsResumption">Whether the session was resumed.</param>
/// <param name="Now">The time given.</param>
public sealed record PolicyQuestion(IReadOnlyList<byte[]> Chain, bool IsServerCertificate, string? ServerName, bool IsResumption, DateTimeOffset Now);

/// <summary>A policy that notes what it is asked and answers as it is told.</summary>
/// <param name="answer">Gives the answer; <c>null</c>: accepts all.</param>
public sealed class RecordingPolicy(Func<PolicyQuestion, PeerCertificateVerdict>? answer = null) : PeerCertificatePolicy
{
    private readonly ConcurrentQueue<PolicyQuestion> _questions = new();

    /// <summary>What was asked so far.</summary>
    public IReadOnlyList<PolicyQuestion> Questions => [.. _questions];

    /// <summary>Makes a policy that refuses all.</summary>
    /// <param name="refusal">Why.</param>
    /// <returns>The policy.</returns>
    public static RecordingPolicy Refusing(CertificateRefusal refusal) => new(_ => PeerCertificateVerdict.Refused(refusal, $"told to say {refusal}"));

    /// <inheritdoc/>
    public override PeerCertificateVerdict Evaluate(in PeerCertificateContext context)
    {
        var question = new PolicyQuestion(
            [.. context.Chain.Select(c => c.ToArray())], context.IsServerCertificate, context.ServerName, context.IsResumption, context.Now);
        _questions.Enqueue(question);
        return answer is null ? PeerCertificateVerdict.Accepted : answer(question);
    }
}
