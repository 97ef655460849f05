namespace Net.Aql;

/// <summary>What a store found in its directory when it was opened.</summary>
/// <param name="SnapshotRows">Rows read from the snapshot; 0 when there was none.</param>
/// <param name="ReplayedCommits">Commits read from the log after it.</param>
/// <param name="CutBytes">Bytes of a write that a crash had left half done and that nobody was told of; they were cut off. Usually 0.</param>
/// <param name="CutFile">The file they were cut off from; <c>null</c> when nothing was cut.</param>
public sealed record AqlRecovery(long SnapshotRows, long ReplayedCommits, long CutBytes, string? CutFile);
