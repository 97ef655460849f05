namespace Net.Client.Internal;

/// <summary>Somebody who waits until enough end points are ready.</summary>
internal sealed record WarmUpWait(ProtocolRoute Route, int EndPoints, TaskCompletionSource Source);
