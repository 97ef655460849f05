namespace Net.Http3;

/// <summary>Takes decoded header fields.</summary>
internal interface IHeaderFieldSink
{
    /// <summary>Takes one field. The bytes are valid during the call only.</summary>
    /// <param name="name">The name as sent.</param>
    /// <param name="value">The value as sent.</param>
    void OnField(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value);
}
