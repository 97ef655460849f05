namespace Net.Client.Internal;

/// <summary>What is known of a silent connection.</summary>
internal enum SilenceVerdict
{
    /// <summary>It may be dead or cut off for a while.</summary>
    Open,

    /// <summary>As <see cref="Open"/>, and something should be sent that the peer has to answer.</summary>
    AskPeer,

    /// <summary>The peer answers again.</summary>
    Answered,

    /// <summary>The peer does not know it any more.</summary>
    Dead,
}
