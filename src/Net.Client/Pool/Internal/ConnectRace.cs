namespace Net.Client.Internal;

/// <summary>A race of QUIC and its fallback that is under way: what has happened so far. Under the channel's gate.</summary>
internal sealed class ConnectRace
{
    /// <summary>When the fallback starts, unless QUIC is ready before.</summary>
    internal long FallbackAt { get; set; }

    /// <summary>Whether the fallback has started, so that it does not start twice.</summary>
    internal bool FallbackStarted { get; set; }

    /// <summary>Whether the fallback serves already, while QUIC is still under way.</summary>
    internal bool FallbackWon { get; set; }

    /// <summary>Whether the fallback has failed, so that QUIC alone decides.</summary>
    internal bool FallbackFailed { get; set; }

    /// <summary>How long QUIC was to be alone.</summary>
    internal required TimeSpan HeadStart { get; init; }

    /// <summary>How QUIC failed, when it has.</summary>
    internal Exception? MainFailure { get; set; }
}
