namespace Net.Security;

/// <summary>What came of looking at the files.</summary>
public enum ReloadOutcome
{
    /// <summary>They hold what is in use.</summary>
    Unchanged = 0,

    /// <summary>They hold something new, and it is in use now.</summary>
    Applied = 1,

    /// <summary>They hold something that cannot be used; what was in use before stays.</summary>
    Refused = 2,
}
