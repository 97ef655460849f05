using Microsoft.Extensions.Logging;

namespace Net.Aql;

/// <summary>What the store and its engine log. Ids 4000 to 4099 belong to Net.Aql and are never used again for something else. No key, value or request id is logged.</summary>
internal static partial class AqlLog
{
    [LoggerMessage(4000, LogLevel.Information, "Opened the store {Directory}: {SnapshotRows} rows from a snapshot, {Commits} commits from the log.", EventName = nameof(StoreOpened))]
    internal static partial void StoreOpened(ILogger logger, string directory, long snapshotRows, long commits);

    [LoggerMessage(4001, LogLevel.Warning, "Cut {Bytes} bytes off the end of {File}, from byte {Offset}: a crash had left a write half done. It had not been acknowledged, so nothing is lost.", EventName = nameof(TailCut))]
    internal static partial void TailCut(ILogger logger, long bytes, string file, long offset);

    [LoggerMessage(4002, LogLevel.Warning, "The disk is full: {Reason} Writes are refused until there is room; reads go on.", EventName = nameof(StoreFull))]
    internal static partial void StoreFull(ILogger logger, string reason);

    [LoggerMessage(4003, LogLevel.Information, "The disk has room again; writes go on.", EventName = nameof(StoreHealed))]
    internal static partial void StoreHealed(ILogger logger);

    [LoggerMessage(4004, LogLevel.Error, "The store failed; writes are refused until it is opened again, reads go on.", EventName = nameof(StoreFailed))]
    internal static partial void StoreFailed(ILogger logger, Exception reason);

    [LoggerMessage(4005, LogLevel.Information, "Wrote {Rows} rows to {File}; the log begins anew.", EventName = nameof(Compacted))]
    internal static partial void Compacted(ILogger logger, long rows, string file);

    [LoggerMessage(4006, LogLevel.Warning, "Could not write a snapshot; the log goes on growing and the next attempt comes later.", EventName = nameof(CompactionFailed))]
    internal static partial void CompactionFailed(ILogger logger, Exception reason);

    [LoggerMessage(4007, LogLevel.Debug, "Deleted {File}, which is no longer needed.", EventName = nameof(LeftoverDeleted))]
    internal static partial void LeftoverDeleted(ILogger logger, string file);

    [LoggerMessage(4008, LogLevel.Error, "A query failed for a reason that is a fault of the host.", EventName = nameof(QueryFailed))]
    internal static partial void QueryFailed(ILogger logger, Exception reason);
}
