namespace Net;

/// <summary>Refuses options that ask for what only QUIC has, rather than ignoring them.</summary>
internal static class TcpOptionCheck
{
    /// <summary>Throws when options ask for what the <see cref="TcpEngine"/> cannot do.</summary>
    /// <param name="options">A client's or a server's options, valid in themselves.</param>
    /// <exception cref="NotSupportedException">Lists everything that cannot be had.</exception>
    internal static void ThrowIfNotSupported(TransportOptions options)
    {
        List<string> lacks = [];
        Add(options.InlineContinuations, $"{nameof(options.InlineContinuations)} is on", EngineCapabilities.InlineContinuations);
        Add(options.CongestionControl != CongestionControl.Cubic, $"{nameof(options.CongestionControl)} is {options.CongestionControl}, which TCP leaves to the machine", EngineCapabilities.CongestionControlChoice);
        Add(options.KeyLogFile is not null, $"{nameof(options.KeyLogFile)} is set", EngineCapabilities.KeyLog);
        Add(!options.Versions.Contains(QuicVersion.Version1), $"{nameof(options.Versions)} leaves {nameof(QuicVersion.Version1)} out", EngineCapabilities.Version2);
        Add(options.Limits.MaxDatagramSize > 0, $"{nameof(options.Limits)}.{nameof(options.Limits.MaxDatagramSize)} is {options.Limits.MaxDatagramSize}", EngineCapabilities.Datagrams);
        if (lacks.Count > 0)
        {
            throw new NotSupportedException($"Over TCP there is not all that these options ask for; choose a QUIC engine or leave it out: {string.Join("; ", lacks)}.");
        }

        void Add(bool isAskedFor, string what, EngineCapabilities capability)
        {
            if (isAskedFor)
            {
                lacks.Add($"{what} ({nameof(EngineCapabilities)}.{capability})");
            }
        }
    }
}
