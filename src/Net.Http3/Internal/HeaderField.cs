namespace Net.Http3;

/// <summary>Where a header field lies in a <see cref="HeaderFieldBuffer"/>.</summary>
internal readonly record struct HeaderField(int NameOffset, int NameLength, int ValueOffset, int ValueLength, bool IsSensitive);
