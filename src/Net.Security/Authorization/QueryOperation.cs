namespace Net.Security;

/// <summary>What a query does to a collection.</summary>
public enum QueryOperation
{
    /// <summary>Reads one row.</summary>
    Get = 0,

    /// <summary>Reads the rows of a range of keys.</summary>
    Range = 1,

    /// <summary>Reads the rows for which a condition holds.</summary>
    Filter = 2,

    /// <summary>Writes one row.</summary>
    Set = 3,

    /// <summary>Changes the rows for which a condition holds.</summary>
    Update = 4,

    /// <summary>Removes one row.</summary>
    Delete = 5,
}
