using Microsoft.Extensions.Logging;

namespace Net.Client;

/// <summary>What breakers, ejection and calls log. Event ids 2300 to 2399.</summary>
internal static partial class ResilienceLog
{
    internal static void BreakerChanged(ILogger logger, string endPoint, BreakerStateChangedEventArgs change)
    {
        switch (change.Current)
        {
            case BreakerState.Open:
                BreakerOpened(logger, endPoint, change.OpenFor!.Value, change.Trigger);
                break;
            case BreakerState.HalfOpen:
                BreakerHalfOpened(logger, endPoint);
                break;
            case BreakerState.Isolated:
                BreakerIsolated(logger, endPoint);
                break;
            default:
                BreakerClosed(logger, endPoint, change.Trigger);
                break;
        }
    }

    [LoggerMessage(2300, LogLevel.Warning, "The circuit breaker of {EndPoint} opened for {OpenFor}: {Trigger}.", EventName = "BreakerOpened")]
    private static partial void BreakerOpened(ILogger logger, string endPoint, TimeSpan openFor, BreakerTrigger trigger);

    [LoggerMessage(2301, LogLevel.Information, "The circuit breaker of {EndPoint} lets probes through.", EventName = "BreakerHalfOpened")]
    private static partial void BreakerHalfOpened(ILogger logger, string endPoint);

    [LoggerMessage(2302, LogLevel.Information, "The circuit breaker of {EndPoint} closed: {Trigger}.", EventName = "BreakerClosed")]
    private static partial void BreakerClosed(ILogger logger, string endPoint, BreakerTrigger trigger);

    [LoggerMessage(2303, LogLevel.Warning, "The circuit breaker of {EndPoint} is held open by hand.", EventName = "BreakerIsolated")]
    private static partial void BreakerIsolated(ILogger logger, string endPoint);

    [LoggerMessage(2310, LogLevel.Warning, "{EndPoint} was ejected for {EjectedFor}, time {Count} in a row: {Reason}.", EventName = "EndPointEjected")]
    internal static partial void EndPointEjected(ILogger logger, string endPoint, TimeSpan ejectedFor, int count, OutlierReason reason);

    [LoggerMessage(2311, LogLevel.Information, "{EndPoint} is back after its ejection.", EventName = "EndPointReturned")]
    internal static partial void EndPointReturned(ILogger logger, string endPoint);
}
