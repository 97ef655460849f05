namespace Net.Chaos.Proxy;

/// <summary>What values an attribute of a toxic has.</summary>
public enum AttributeKind
{
    /// <summary>A whole number.</summary>
    Whole,

    /// <summary>A number, a probability mostly.</summary>
    Number,

    /// <summary>A text, perhaps one of a few.</summary>
    Text,

    /// <summary><c>true</c> or <c>false</c>; 1 and 0 serve too, since some clients only send numbers.</summary>
    Flag,
}
