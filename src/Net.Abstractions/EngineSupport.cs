namespace Net;

/// <summary>Whether an engine runs on this machine, and why not.</summary>
/// <param name="IsSupported">Whether connections can be made.</param>
/// <param name="Reason">Why not, with what to install; <c>null</c> when supported.</param>
/// <param name="Version">Version of the native library, when one was found.</param>
public sealed record EngineSupport(bool IsSupported, string? Reason, Version? Version);
