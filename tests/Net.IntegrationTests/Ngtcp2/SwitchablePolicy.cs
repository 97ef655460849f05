namespace Net.IntegrationTests.Ngtcp2;

/// <summary>A policy whose answer the test changes as it goes.</summary>
internal sealed class SwitchablePolicy : PeerCertificatePolicy
{
    private int _evaluations;
    private int _resumptions;

    /// <summary>The answer; accepted at first.</summary>
    internal PeerCertificateVerdict Verdict { get; set; }

    /// <summary>Thrown instead of an answer.</summary>
    internal Exception? Failure { get; set; }

    internal int Evaluations => Volatile.Read(ref _evaluations);

    /// <summary>Evaluations of a peer whose session is resumed.</summary>
    internal int Resumptions => Volatile.Read(ref _resumptions);

    public override PeerCertificateVerdict Evaluate(in PeerCertificateContext context)
    {
        Interlocked.Increment(ref _evaluations);
        if (context.IsResumption)
        {
            Interlocked.Increment(ref _resumptions);
        }

        return Failure is { } failure ? throw failure : Verdict;
    }
}
