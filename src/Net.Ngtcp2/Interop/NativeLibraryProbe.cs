namespace Net.Ngtcp2.Interop;

/// <summary>Whether the native libraries can be used, and why not.</summary>
/// <param name="IsSupported">Whether all of them are loaded, new enough and complete.</param>
/// <param name="Reason">Why not and how to mend it, in sentences for a person; <c>null</c> when supported.</param>
/// <param name="Version">Version of ngtcp2, once it has been loaded.</param>
/// <param name="GnuTlsVersion">Version of GnuTLS, once it has been loaded.</param>
internal sealed record NativeLibraryProbe(bool IsSupported, string? Reason, Version? Version, Version? GnuTlsVersion);
