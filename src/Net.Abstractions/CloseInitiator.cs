namespace Net;

/// <summary>Who ended a connection.</summary>
public enum CloseInitiator
{
    /// <summary>Nobody said anything: idle timeout, stateless reset, or the path is gone.</summary>
    None = 0,

    /// <summary>This side.</summary>
    Local = 1,

    /// <summary>The peer.</summary>
    Remote = 2,
}
