namespace Net.Aql;

/// <summary>A whole frame's number and payload.</summary>
internal sealed record FramePayload(long Sequence, byte[] Bytes);
