namespace Net;

/// <summary>The algorithm that decides how much may be in flight.</summary>
public enum CongestionControl
{
    /// <summary>CUBIC (RFC 9438). The default.</summary>
    Cubic = 0,

    /// <summary>NewReno (RFC 9002, section 7).</summary>
    Reno = 1,

    /// <summary>BBR: paces by measured bandwidth and round-trip time.</summary>
    Bbr = 2,
}
