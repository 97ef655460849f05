namespace Net.Security;

/// <summary>Where in a chain a certificate stands.</summary>
public enum ChainPosition
{
    /// <summary>It belongs to a server or a client.</summary>
    Leaf,

    /// <summary>It belongs to an authority that another one vouches for.</summary>
    Intermediate,

    /// <summary>It belongs to an authority that vouches for itself.</summary>
    Root,
}
