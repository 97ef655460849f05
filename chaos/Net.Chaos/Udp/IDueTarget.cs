namespace Net.Chaos.Udp;

/// <summary>Something that is called at a time it has asked for.</summary>
internal interface IDueTarget
{
    /// <summary>The time has come.</summary>
    /// <param name="packet">What was held until now, which belongs to the target again; <c>null</c> for a bare timer.</param>
    void HandleDue(Packet? packet);
}
