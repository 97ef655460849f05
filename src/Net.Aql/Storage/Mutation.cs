using Google.Protobuf;

namespace Net.Aql;

/// <summary>One write of a commit, as the log keeps it.</summary>
/// <param name="Collection">The collection.</param>
/// <param name="Key">The key.</param>
/// <param name="Row">The row to put there; <c>null</c>: the row is taken out.</param>
internal readonly record struct Mutation(string Collection, ByteString Key, Row? Row);
