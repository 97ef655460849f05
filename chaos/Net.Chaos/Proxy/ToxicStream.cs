namespace Net.Chaos.Proxy;

/// <summary>Which way data goes that a toxic meets.</summary>
public enum ToxicStream
{
    /// <summary>From the client to the server behind the proxy.</summary>
    Upstream,

    /// <summary>From the server to the client.</summary>
    Downstream,
}
